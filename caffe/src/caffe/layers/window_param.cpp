#include "caffe/layers/window_param.hpp"

#include "caffe/extents.hpp"

namespace caffe {

namespace {

// One of the window's fields: a list, or a pair of fields for height and width.
struct Field {
  const char* name;
  const google::protobuf::RepeatedField<uint32_t>& list;
  bool has_h, has_w;
  uint32_t h, w;
};

std::vector<int64_t> read_field(const Field& field, int axes, int64_t fallback, bool required) {
  if (field.has_h || field.has_w) {
    require(axes == 2, Code::kBadNet, field.name, "_h and _w are for 2 spatial axes, not ", axes);
    require(field.list.empty(), Code::kBadNet, "give either ", field.name, " or ", field.name,
            "_h and _w, not both");
    require(!required || (field.has_h && field.has_w), Code::kBadNet, field.name, "_h and ",
            field.name, "_w must be given together");
    return {window_extent(field.name, field.has_h ? field.h : fallback),
            window_extent(field.name, field.has_w ? field.w : fallback)};
  }
  const int given = field.list.size();
  require(!required || axes == 0 || given > 0, Code::kBadNet, field.name, " is missing");
  require(given <= 1 || given == axes, Code::kBadNet, field.name,
          " must be given once or once for "
          "each of the ",
          axes, " spatial axes, not ", given, " times");
  std::vector<int64_t> values(axes, fallback);
  for (int i = 0; i < axes && given > 0; ++i) {
    values[i] = window_extent(field.name, field.list[given == 1 ? 0 : i]);
  }
  return values;
}

void require_positive(const std::vector<int64_t>& values, const char* name) {
  for (int64_t value : values) {
    require(value > 0, Code::kBadNet, name, " must be positive, is ", value);
  }
}

}  // namespace

void read_window(const ConvolutionParameter& p, int axes, ConvolutionGeometry* geometry) {
  // The older pad_h and stride_h forms default like the lists.
  const Field kernel = {"kernel_size",    p.kernel_size(), p.has_kernel_h(),
                        p.has_kernel_w(), p.kernel_h(),    p.kernel_w()};
  const Field stride = {"stride",         p.stride(),   p.has_stride_h(),
                        p.has_stride_w(), p.stride_h(), p.stride_w()};
  const Field pad = {"pad", p.pad(), p.has_pad_h(), p.has_pad_w(), p.pad_h(), p.pad_w()};
  const Field dilation = {"dilation", p.dilation(), false, false, 0, 0};
  geometry->kernel = read_field(kernel, axes, 0, true);
  geometry->stride = read_field(stride, axes, 1, false);
  geometry->pad = read_field(pad, axes, 0, false);
  geometry->dilation = read_field(dilation, axes, 1, false);
  require_positive(geometry->kernel, "kernel_size");
  require_positive(geometry->stride, "stride");
  require_positive(geometry->dilation, "dilation");
}

void shape_output(ConvolutionGeometry* g) {
  g->out.resize(g->in.size());
  for (size_t i = 0; i < g->in.size(); ++i) {
    const int64_t extent = g->dilation[i] * (g->kernel[i] - 1) + 1;
    const int64_t room = g->in[i] + 2 * g->pad[i] - extent;
    require(room >= 0, Code::kShape, "spatial axis ", i, ": a kernel that extends over ", extent,
            " does not fit an input of ", g->in[i], " with pad ", g->pad[i]);
    g->out[i] = room / g->stride[i] + 1;
  }
}

void shape_input(ConvolutionGeometry* g) {
  g->in.resize(g->out.size());
  for (size_t i = 0; i < g->out.size(); ++i) {
    const int64_t extent = g->dilation[i] * (g->kernel[i] - 1) + 1;
    g->in[i] = extent_sum(extent_product(g->stride[i], g->out[i] - 1), extent - 2 * g->pad[i]);
    require(g->in[i] > 0, Code::kShape, "spatial axis ", i, ": pad ", g->pad[i],
            " leaves nothing of the output of a kernel that extends over ", extent,
            " on an input of ", g->out[i]);
  }
}

}  // namespace caffe
