#include "caffe/layers/window_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "caffe/error.hpp"

namespace caffe {

WindowFile read_window_file(const WindowDataParameter& param) {
  const std::string& source = param.source();
  std::ifstream file(source);
  require(file.good(), Code::kIo, "'", source, "' cannot be opened: ", std::strerror(errno));
  WindowFile result;
  std::string hash, path;
  int64_t index = 0;
  while (file >> hash) {
    const auto check = [&](bool condition, const auto&... what) {
      require(condition, Code::kParse, "'", source, "', image ", result.paths.size() + 1,
              " of the file: ", what...);
    };
    int channels = 0, height = 0, width = 0;
    int64_t count = 0;
    check(hash == "#" && file >> index >> path, "expected '# index' and a path");
    check(file >> channels >> height >> width >> count && channels > 0 && count >= 0,
          "expected channels, height, width and the number of windows");
    check(result.channels == 0 || result.channels == channels, "it has ", channels,
          " channels, those before ", result.channels);
    result.channels = channels;
    for (int64_t i = 0; i < count; ++i) {
      Window w;
      float overlap = 0;
      check(static_cast<bool>(file >> w.label >> overlap >> w.x1 >> w.y1 >> w.x2 >> w.y2),
            "window ", i + 1, " of ", count, " is not 'label overlap x1 y1 x2 y2'");
      check(w.x1 <= w.x2 && w.y1 <= w.y2, "window ", i + 1, " has no pixels");
      w.image = result.paths.size();
      if (overlap >= param.fg_threshold()) {
        check(w.label > 0, "window ", i + 1, " is foreground but has label ", w.label);
        result.windows[1].push_back(w);
      } else if (overlap < param.bg_threshold()) {
        w.label = 0;
        result.windows[0].push_back(w);
      }
    }
    result.paths.push_back(param.root_folder() + path);
  }
  require(!result.paths.empty(), Code::kParse, "'", source, "' lists no images");
  return result;
}

}  // namespace caffe
