// upgrade_net_proto_binary: a net in binary form, a caffemodel say, in today's form.
#include "caffe/io.hpp"
#include "support/upgrade.hpp"

int main(int argc, char** argv) {
  using namespace caffe;
  const auto upgrade = [](const std::string& from, const std::string& to) {
    NetParameter net;
    read_binary_file(from, &net);
    tools::upgrade_and_tell(&net, from, [&] { upgrade_net(&net, from); });
    write_binary_file(to, net);
  };
  return tools::run_tool(
      tools::upgrade_tool("upgrade_net_proto_binary", "a net in binary form (caffemodel)", upgrade),
      argc, argv);
}
