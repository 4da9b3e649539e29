// upgrade_solver_proto_text: a solver's prototxt in today's form.
#include "caffe/io.hpp"
#include "support/upgrade.hpp"

int main(int argc, char** argv) {
  using namespace caffe;
  const auto upgrade = [](const std::string& from, const std::string& to) {
    SolverParameter solver;
    read_text_file(from, &solver);
    tools::upgrade_and_tell(&solver, from, [&] { upgrade_solver(&solver, from); });
    write_text_file(to, solver);
  };
  return tools::run_tool(
      tools::upgrade_tool("upgrade_solver_proto_text", "a solver's prototxt", upgrade), argc, argv);
}
