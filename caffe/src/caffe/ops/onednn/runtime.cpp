#include "caffe/ops/onednn/runtime.hpp"

#include <mutex>
#include <string>

namespace caffe::onednn {

namespace {

using dnnl::memory;

// An order of blocks of channels, see Format::channel_block.
enum class ChannelOrder { kOther, kBlocks8, kBlocks16, kLast };

// For 1 to 3 spatial axes.
memory::desc ordered_desc(const memory::dims& dims, ChannelOrder order) {
  using tag = memory::format_tag;
  constexpr tag kTags[][3] = {{tag::nCw8c, tag::nCw16c, tag::nwc},
                              {tag::nChw8c, tag::nChw16c, tag::nhwc},
                              {tag::nCdhw8c, tag::nCdhw16c, tag::ndhwc}};
  const int column = static_cast<int>(order) - static_cast<int>(ChannelOrder::kBlocks8);
  return memory::desc(dims, memory::data_type::f32, kTags[dims.size() - 3][column]);
}

ChannelOrder find_order(const memory::desc& desc) {
  const memory::dims dims = desc.get_dims();
  if (dims.size() < 3 || dims.size() > 5) return ChannelOrder::kOther;
  for (auto order : {ChannelOrder::kBlocks8, ChannelOrder::kBlocks16, ChannelOrder::kLast}) {
    if (desc == ordered_desc(dims, order)) return order;
  }
  return ChannelOrder::kOther;
}

// A layout of oneDNN. Reorders are made on first use and kept.
class DnnlFormat : public Format {
 public:
  explicit DnnlFormat(const memory::desc& desc)
      : desc_(desc), plain_(plain_desc(desc.get_dims())), order_(find_order(desc)) {}

  const memory::desc& desc() const { return desc_; }
  int64_t channel_block() const override {
    switch (order_) {
      case ChannelOrder::kBlocks8: return 8;
      case ChannelOrder::kBlocks16: return 16;
      case ChannelOrder::kLast: return desc_.get_dims()[1];
      default: return 0;
    }
  }
  std::string text() const override {
    switch (order_) {
      case ChannelOrder::kBlocks8: return "blocks of 8 channels";
      case ChannelOrder::kBlocks16: return "blocks of 16 channels";
      case ChannelOrder::kLast: return "channels last";
      default: return "oneDNN's own";
    }
  }
  FormatPtr with_channels(int64_t channels) const override {
    if (order_ == ChannelOrder::kOther) return nullptr;
    memory::dims dims = desc_.get_dims();
    dims[1] = channels;
    return std::make_shared<DnnlFormat>(ordered_desc(dims, order_));
  }
  size_t size() const override { return desc_.get_size() / sizeof(float); }
  bool equals(const Format& other) const override {
    const auto* that = dynamic_cast<const DnnlFormat*>(&other);
    return that != nullptr && that->desc_ == desc_;
  }
  void pack(const float* plain, float* packed) const override {
    run(&pack_, plain_, plain, desc_, packed);
  }
  void unpack(const float* packed, float* plain) const override {
    run(&unpack_, desc_, packed, plain_, plain);
  }
  bool convert(const float* packed, const Format& to, float* out) const override {
    const auto* target = dynamic_cast<const DnnlFormat*>(&to);
    if (target == nullptr || target->desc_.get_dims() != desc_.get_dims()) return false;
    std::unique_lock<std::mutex> lock(mutex_);
    for (auto& [desc, primitive] : conversions_) {
      if (desc == target->desc_) {
        lock.unlock();
        run(&primitive, desc_, packed, desc, out);
        return true;
      }
    }
    conversions_.emplace_back(target->desc_, dnnl::reorder());
    dnnl::reorder* primitive = &conversions_.back().second;
    lock.unlock();
    run(primitive, desc_, packed, target->desc_, out);
    return true;
  }

 private:
  void run(dnnl::reorder* primitive, const memory::desc& from, const float* in,
           const memory::desc& to, float* out) const {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (!*primitive) {
        *primitive =
            dnnl::reorder(dnnl::reorder::primitive_desc(cpu_engine(), from, cpu_engine(), to));
      }
    }
    primitive->execute(stream(), {{DNNL_ARG_FROM, wrap(from, in)}, {DNNL_ARG_TO, wrap(to, out)}});
    stream().wait();
  }

  memory::desc desc_, plain_;
  ChannelOrder order_;
  mutable std::mutex mutex_;
  mutable dnnl::reorder pack_, unpack_;
  mutable std::vector<std::pair<memory::desc, dnnl::reorder>> conversions_;
};

}  // namespace

dnnl::engine& cpu_engine() {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::stream& stream() {
  thread_local dnnl::stream stream(cpu_engine());
  return stream;
}

memory::desc plain_desc(const memory::dims& dims) {
  memory::dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * dims[i + 1];
  return memory::desc(dims, memory::data_type::f32, strides);
}

memory::desc any_desc(const memory::dims& dims) {
  return memory::desc(dims, memory::data_type::f32, memory::format_tag::any);
}

FormatPtr to_format(const memory::desc& desc) {
  if (desc == plain_desc(desc.get_dims())) return nullptr;
  return std::make_shared<DnnlFormat>(desc);
}

memory::desc to_desc(const FormatPtr& format, const memory::dims& dims) {
  const auto* ours = dynamic_cast<const DnnlFormat*>(format.get());
  if (ours != nullptr && ours->desc().get_dims() == dims) return ours->desc();
  return plain_desc(dims);
}

// Not oneDNN's relu, which makes 0 of NaN: nets would train on with weights that are not finite.
dnnl::primitive_attr attributes(bool rectified, bool sum) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops after;
  if (sum) after.append_sum();
  if (rectified) after.append_prelu(0);
  attr.set_post_ops(after);
  return attr;
}

void add_rectifier(Args* args, bool sum) {
  static const float slope = 0;
  static const memory::desc one = plain_desc({1, 1});
  const int place = sum ? 1 : 0;
  args->emplace(DNNL_ARG_ATTR_MULTIPLE_POST_OP(place) | DNNL_ARG_WEIGHTS, wrap(one, &slope));
}

void execute(const dnnl::primitive& primitive, const memory::desc& scratchpad, Args args) {
  thread_local AlignedArray<float> scratch;
  scratch.resize((scratchpad.get_size() + sizeof(float) - 1) / sizeof(float));
  args.emplace(DNNL_ARG_SCRATCHPAD, wrap(scratchpad, scratch.data()));
  primitive.execute(stream(), args);
  stream().wait();
}

namespace {

AlignedArray<float>& gradient_scratch(GradientTarget::Scratch scratch) {
  thread_local AlignedArray<float> arrays[2];
  return arrays[scratch];
}

}  // namespace

GradientTarget::GradientTarget(const Operand& operand, Storage<float>* values, Scratch scratch)
    : operand_(operand),
      values_(values),
      add_(values == nullptr || !values->is_zero()),
      scratch_(gradient_scratch(scratch)) {}

dnnl::memory GradientTarget::begin() {
  if (!add_) return operand_.write(*values_);
  scratch_.resize(operand_.desc.get_size() / sizeof(float));
  return wrap(operand_.desc, scratch_.data());
}

void GradientTarget::end() {
  if (values_ == nullptr) return;
  if (add_) {
    float* sum = values_->read_write(operand_.format);
    const int64_t size = static_cast<int64_t>(operand_.desc.get_size() / sizeof(float));
    const float* addend = scratch_.data();
#pragma omp parallel for simd
    for (int64_t i = 0; i < size; ++i) sum[i] += addend[i];
  }
  operand_.written(*values_);
}

}  // namespace caffe::onednn
