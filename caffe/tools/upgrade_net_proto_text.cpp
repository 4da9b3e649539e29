// upgrade_net_proto_text: a net's prototxt in today's form.
#include "caffe/io.hpp"
#include "support/upgrade.hpp"

int main(int argc, char** argv) {
  using namespace caffe;
  const auto upgrade = [](const std::string& from, const std::string& to) {
    NetParameter net;
    read_text_file(from, &net);
    tools::upgrade_and_tell(&net, from, [&] { upgrade_net(&net, from); });
    write_text_file(to, net);
  };
  return tools::run_tool(tools::upgrade_tool("upgrade_net_proto_text", "a net's prototxt", upgrade),
                         argc, argv);
}
