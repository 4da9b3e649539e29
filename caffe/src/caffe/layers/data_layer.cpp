#include "caffe/db.hpp"
#include "caffe/io.hpp"
#include "caffe/layer_registry.hpp"
#include "caffe/layers/item_batch.hpp"
#include "caffe/log.hpp"

namespace caffe {
namespace {

template <typename T>
class DatabaseSource : public BatchSource<T> {
 public:
  DatabaseSource(const DataParameter& param, const TransformationParameter& transform, Phase phase,
                 Random* random)
      : param_(param),
        transformer_(transform, phase, random),
        cursor_(open_db(param.backend(), param.source())) {}

  Shape first_shape() override {
    Shape shape;
    read([&](const Item& item, int) {
      shape = batch_shape(param_.batch_size(), item, transformer_);
    });
    cursor_->rewind();
    return shape;
  }

  void load(Batch<T>* batch) override {
    const int64_t size = param_.batch_size();
    for (int64_t i = 0; i < size; ++i) {
      read([&](const Item& item, int label) {
        put_item(i, size, item, label, &transformer_, batch);
      });
    }
  }

  void reseed(Random* seeds) override { transformer_.reseed(seeds); }

 private:
  // use(item, label) for the next record; errors name it.
  template <typename Use>
  void read(const Use& use) {
    if (!cursor_->next(&record_)) {
      cursor_->rewind();
      require(cursor_->next(&record_), Code::kIo, "'", param_.source(), "' holds no records");
    }
    locate_errors(
        [&] { return cat("'", param_.source(), "', key '", printable_key(record_.key), "'"); },
        [&] {
          Datum datum;
          parse_binary(record_.value.data(), record_.value.size(), "the value", &datum);
          const int label = datum.label();
          use(to_item(std::move(datum), transformer_.color_mode()), label);
        });
  }

  DataParameter param_;
  DataTransformer<T> transformer_;
  std::unique_ptr<DbCursor> cursor_;
  DbRecord record_;
};

}  // namespace

// Items of a database of Datum messages, data_param.source, in the order of their keys and from
// the start again after the last one. Tops: (batch_size, C, H, W) after transform_param, of the
// shape of the first item of the batch, and labels (batch_size). data_param.rand_skip has no
// effect, as in Caffe.
template <typename T>
class DataLayer : public BatchLayer<T> {
 public:
  using BatchLayer<T>::BatchLayer;
  const char* type() const override { return "Data"; }
  CountRange top_count() const override { return {1, 2}; }

 protected:
  std::unique_ptr<BatchSource<T>> open() override {
    const DataParameter& p = this->param_.data_param();
    this->check(!p.source().empty(), Code::kBadNet, "data_param.source is missing");
    this->check(p.batch_size() > 0, Code::kBadNet, "data_param.batch_size must be positive");
    if (p.rand_skip() > 0) {
      log_warning("layer '", this->name(), "' (Data): data_param.rand_skip has no effect");
    }
    TransformationParameter transform = this->param_.transform_param();
    if (p.force_encoded_color()) transform.set_force_color(true);
    return std::make_unique<DatabaseSource<T>>(p, transform, this->phase_, this->random_.get());
  }
};

CAFFE_REGISTER_LAYER(Data, DataLayer);

}  // namespace caffe
