#include "caffe/image_list.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/item_batch.hpp"

namespace caffe {
namespace {

template <typename T>
class ImageListSource : public BatchSource<T> {
 public:
  ImageListSource(const ImageDataParameter& param, const TransformationParameter& transform,
                  Phase phase, Random* random)
      : param_(param),
        transformer_(transform, phase, random),
        images_(read_image_list(param.source())),
        random_(0) {
    if (param.shuffle()) {
      random_.seed(random->draw_seed());
      shuffle();
    }
    if (param.rand_skip() == 0) return;
    next_ = static_cast<size_t>(random->index(param.rand_skip()));
    require(next_ < images_.size(), Code::kBadNet, "image_data_param.rand_skip passes over ", next_,
            " images, but '", param.source(), "' lists only ", images_.size());
  }

  Shape first_shape() override {
    Shape shape;
    read(images_[next_],
         [&](const Item& item) { shape = batch_shape(param_.batch_size(), item, transformer_); });
    return shape;
  }

  void load(Batch<T>* batch) override {
    const int64_t size = param_.batch_size();
    for (int64_t i = 0; i < size; ++i) {
      const ListedImage image = images_[next_];
      if (++next_ == images_.size()) {
        next_ = 0;
        if (param_.shuffle()) shuffle();
      }
      read(image,
           [&](const Item& item) { put_item(i, size, item, image.label, &transformer_, batch); });
    }
  }

  void reseed(Random* seeds) override {
    transformer_.reseed(seeds);
    if (param_.shuffle()) random_.seed(seeds->draw_seed());
  }

 private:
  void shuffle() {
    for (size_t i = images_.size() - 1; i > 0; --i) {
      std::swap(images_[i], images_[random_.index(static_cast<int64_t>(i) + 1)]);
    }
  }

  template <typename Use>
  void read(const ListedImage& image, const Use& use) const {
    const std::string path = param_.root_folder() + image.path;
    locate_errors(
        [&] { return cat("'", param_.source(), "' line ", image.line, " (", image.path, ")"); },
        [&] {
          Item item =
              read_image_file(path, param_.is_color() ? ColorMode::kColor : ColorMode::kGray);
          if (param_.new_height() > 0) {
            item = resize_item(item, static_cast<int>(param_.new_height()),
                               static_cast<int>(param_.new_width()));
          }
          use(item);
        });
  }

  ImageDataParameter param_;
  DataTransformer<T> transformer_;
  std::vector<ListedImage> images_;
  Random random_;
  size_t next_ = 0;
};

}  // namespace

// JPEG and PNG files with labels, from a text file of lines "path label", image_data_param.source;
// root_folder is put in front of every path as it is. Tops: (batch_size, 3, H, W), channels blue,
// green, red, or (batch_size, 1, H, W) without is_color, resized to new_height x new_width if they
// are given, after transform_param; and labels (batch_size). With `shuffle` every epoch has an
// order of its own. The first image is a random one of the first rand_skip.
template <typename T>
class ImageDataLayer : public BatchLayer<T> {
 public:
  using BatchLayer<T>::BatchLayer;
  const char* type() const override { return "ImageData"; }

 protected:
  std::unique_ptr<BatchSource<T>> open() override {
    const ImageDataParameter& p = this->param_.image_data_param();
    this->check(!p.source().empty(), Code::kBadNet, "image_data_param.source is missing");
    this->check(p.batch_size() > 0, Code::kBadNet, "image_data_param.batch_size must be positive");
    this->check((p.new_height() > 0) == (p.new_width() > 0), Code::kBadNet,
                "image_data_param needs both new_height and new_width or neither");
    this->check(p.new_height() <= kMaxSide && p.new_width() <= kMaxSide, Code::kBadNet,
                "image_data_param.new_height and new_width may be at most ", kMaxSide);
    return std::make_unique<ImageListSource<T>>(p, this->param_.transform_param(), this->phase_,
                                                this->random_.get());
  }

 private:
  static constexpr uint32_t kMaxSide = 1 << 15;
};

CAFFE_REGISTER_LAYER(ImageData, ImageDataLayer);

}  // namespace caffe
