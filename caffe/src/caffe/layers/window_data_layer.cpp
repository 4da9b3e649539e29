#include <algorithm>
#include <cmath>
#include <map>

#include "caffe/io.hpp"
#include "caffe/item.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/batch_layer.hpp"
#include "caffe/layers/window_file.hpp"

namespace caffe {
namespace {

// A region inside an image, and where it goes in the square of crop_size.
struct Placed {
  int x1, y1, x2, y2;
  int height, width;
  int top, left;
};

int rounded(double value) { return static_cast<int>(std::lround(value)); }

template <typename T>
class WindowSource : public BatchSource<T> {
 public:
  WindowSource(const WindowDataParameter& param, const TransformationParameter& transform,
               Random* random)
      : param_(param),
        transform_(transform),
        crop_(static_cast<int>(transform.crop_size())),
        file_(read_window_file(param)),
        random_(random->draw_seed()) {
    foreground_ =
        static_cast<int64_t>(static_cast<float>(param.batch_size()) * param.fg_fraction());
    const int64_t wanted[] = {param.batch_size() - foreground_, foreground_};
    for (int kind = 0; kind < 2; ++kind) {
      require(wanted[kind] == 0 || !file_.windows[kind].empty(), Code::kBadNet, "'", param.source(),
              "' has no ", kind == 0 ? "background" : "foreground", " windows");
    }
    if (transform.has_mean_file()) read_mean();
    const int means = transform.mean_value_size();
    require(means <= 1 || means == file_.channels, Code::kShape, "transform_param has ", means,
            " values mean_value, but the images ", file_.channels, " channels");
  }

  Shape first_shape() override { return {param_.batch_size(), file_.channels, crop_, crop_}; }

  void load(Batch<T>* batch) override {
    batch->shape = first_shape();
    batch->data.assign(product(batch->shape), T(0));
    batch->labels.resize(param_.batch_size());
    const int64_t background = param_.batch_size() - foreground_;
    for (int64_t i = 0; i < param_.batch_size(); ++i) {
      const std::vector<Window>& windows = file_.windows[i < background ? 0 : 1];
      const Window& window = windows[random_.index(static_cast<int64_t>(windows.size()))];
      const bool mirror = transform_.mirror() && random_.index(2) == 1;
      batch->labels[i] = static_cast<T>(window.label);
      locate_errors(
          [&] { return cat("'", file_.paths[window.image], "'"); },
          [&] { put(window, mirror, batch->data.data() + i * product(batch->shape, 1, 4)); });
    }
  }

  void reseed(Random* seeds) override { random_.seed(seeds->draw_seed()); }

 private:
  void read_mean() {
    BlobProto proto;
    read_binary_file(transform_.mean_file(), &proto);
    mean_.from_proto(proto, true);
    const bool four = mean_.num_axes() == 4;
    require(mean_.num_axes() == 3 || (four && mean_.dim(0) == 1), Code::kShape, "mean_file '",
            transform_.mean_file(), "' has shape ", shape_string(mean_.shape()),
            ", not that of one image");
    require(
        mean_.dim(-3) == file_.channels && mean_.dim(-2) == mean_.dim(-1) && mean_.dim(-1) >= crop_,
        Code::kShape, "mean_file '", transform_.mean_file(), "' has shape ",
        shape_string(mean_.shape()), ", not ", file_.channels, " squares of at least ", crop_);
    mean_offset_ = static_cast<int>(mean_.dim(-1) - crop_) / 2;
  }

  Item image(size_t index) {
    if (!param_.cache_images()) return read_image_file(file_.paths[index], color_mode());
    const auto known = cache_.find(index);
    if (known != cache_.end()) return known->second;
    return cache_[index] = read_image_file(file_.paths[index], color_mode());
  }
  ColorMode color_mode() const {
    return file_.channels == 1 ? ColorMode::kGray : ColorMode::kColor;
  }

  // Without context and squares: the window itself fills the square.
  Placed place(const Window& w, const Item& image, bool mirror) const {
    if (param_.context_pad() == 0 && param_.crop_mode() != "square") {
      return {w.x1, w.y1, w.x2, w.y2, crop_, crop_, 0, 0};
    }
    // Enlarged about its centre, so that context_pad pixels of the result lie around the window.
    const double enlarge = crop_ / (crop_ - 2.0 * param_.context_pad());
    double half_height = (w.y2 - w.y1 + 1) / 2.0, half_width = (w.x2 - w.x1 + 1) / 2.0;
    const double center_x = w.x1 + half_width, center_y = w.y1 + half_height;
    if (param_.crop_mode() == "square")
      half_height = half_width = std::max(half_height, half_width);
    const int x1 = rounded(center_x - half_width * enlarge);
    const int x2 = rounded(center_x + half_width * enlarge);
    const int y1 = rounded(center_y - half_height * enlarge);
    const int y2 = rounded(center_y + half_height * enlarge);
    // What hangs over the edges of the image stays empty in the result.
    const int over_left = std::max(0, -x1), over_right = std::max(0, x2 - image.width + 1);
    const int over_top = std::max(0, -y1), over_bottom = std::max(0, y2 - image.height + 1);
    Placed p{x1 + over_left, y1 + over_top, x2 - over_right, y2 - over_bottom, 0, 0, 0, 0};
    const double scale_x = crop_ / (x2 - x1 + 1.0), scale_y = crop_ / (y2 - y1 + 1.0);
    p.top = rounded(over_top * scale_y);
    p.left = rounded((mirror ? over_right : over_left) * scale_x);
    // Rounding must not push it out of the square.
    p.height = std::min(rounded((p.y2 - p.y1 + 1) * scale_y), crop_ - p.top);
    p.width = std::min(rounded((p.x2 - p.x1 + 1) * scale_x), crop_ - p.left);
    return p;
  }

  void put(const Window& window, bool mirror, T* values) {
    const Item whole = image(window.image);
    // The sums stay far inside an int.
    require(std::min(window.x1, window.y1) > -kFar && std::max(window.x2, window.y2) < kFar,
            Code::kParse, "its window is far outside");
    const Placed p = place(window, whole, mirror);
    const Item part = resize_item(crop_item(whole, p.y1, p.x1, p.y2 - p.y1 + 1, p.x2 - p.x1 + 1),
                                  p.height, p.width);
    const auto* from = reinterpret_cast<const uint8_t*>(part.bytes.data());
    const T scale = static_cast<T>(param_.scale());
    for (int c = 0; c < part.channels; ++c) {
      for (int y = 0; y < p.height; ++y, from += p.width) {
        T* to = values + (size_t{1} * c * crop_ + p.top + y) * crop_ + p.left;
        for (int x = 0; x < p.width; ++x) {
          const T mean = mean_at(c, p.top + y, p.left + x);
          to[x] = (static_cast<T>(from[mirror ? p.width - 1 - x : x]) - mean) * scale;
        }
      }
    }
  }

  T mean_at(int channel, int y, int x) const {
    if (mean_.count() > 0) {
      const int64_t side = mean_.dim(-1);
      return mean_.cpu_data()[(channel * side + y + mean_offset_) * side + x + mean_offset_];
    }
    const int means = transform_.mean_value_size();
    return means == 0 ? T(0) : static_cast<T>(transform_.mean_value(means == 1 ? 0 : channel));
  }

  static constexpr int kFar = 1 << 24;

  WindowDataParameter param_;
  TransformationParameter transform_;
  int crop_;
  WindowFile file_;
  Random random_;
  int64_t foreground_ = 0;
  Blob<T> mean_;
  int mean_offset_ = 0;
  std::map<size_t, Item> cache_;
};

}  // namespace

// Windows of images with labels, as R-CNN trains on, from the text file window_data_param.source
// (window_file.hpp). Tops: (batch_size, C, crop_size, crop_size) and labels (batch_size). A batch
// has int(batch_size * fg_fraction) windows of the foreground, after those of the background, each
// drawn at random. A window is resized to the square; with context_pad or crop_mode "square" it is
// first enlarged, and what then lies outside the image is 0. Values are (pixel - mean) *
// window_data_param.scale; crop_size, mirror, mean_file (its centre) and mean_value come from
// transform_param.
template <typename T>
class WindowDataLayer : public BatchLayer<T> {
 public:
  using BatchLayer<T>::BatchLayer;
  const char* type() const override { return "WindowData"; }

 protected:
  std::unique_ptr<BatchSource<T>> open() override {
    const WindowDataParameter& p = this->param_.window_data_param();
    const TransformationParameter& transform = this->param_.transform_param();
    this->check(!p.source().empty(), Code::kBadNet, "window_data_param.source is missing");
    this->check(p.batch_size() > 0, Code::kBadNet, "window_data_param.batch_size must be positive");
    this->check(p.fg_fraction() >= 0 && p.fg_fraction() <= 1, Code::kBadNet,
                "window_data_param.fg_fraction must be from 0 to 1");
    this->check(p.crop_mode() == "warp" || p.crop_mode() == "square", Code::kBadNet,
                "window_data_param.crop_mode is '", p.crop_mode(), "', not 'warp' or 'square'");
    const int64_t crop = transform.crop_size();
    this->check(crop > 0 && crop <= kMaxSide, Code::kBadNet,
                "transform_param.crop_size must be from 1 to ", kMaxSide);
    this->check(2 * int64_t{p.context_pad()} < crop, Code::kBadNet,
                "window_data_param.context_pad must be less than half of crop_size");
    this->check(!transform.has_mean_file() || transform.mean_value_size() == 0, Code::kBadNet,
                "transform_param has both mean_file and mean_value");
    return std::make_unique<WindowSource<T>>(p, transform, this->random_.get());
  }

 private:
  static constexpr int kMaxSide = 1 << 15;
};

CAFFE_REGISTER_LAYER(WindowData, WindowDataLayer);

}  // namespace caffe
