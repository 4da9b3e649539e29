// What Concat and Slice share: a blob cut into pieces along an axis.
#pragma once

#include <algorithm>
#include <vector>

#include "caffe/layer.hpp"
#include "caffe/layers/ranges.hpp"

namespace caffe {

// How memory holds the joined blob: `outer` rows, in each of them a row of every piece. In blocks
// of channels that every piece but the last fills, as in plain order, rows are items (more
// precisely: what lies before the axis); in channels-last order they are pixels.
struct Pieces {
  int64_t outer = 0, row = 0;      // number of rows, and elements of one in the joined blob
  FormatPtr format;                // of the joined blob
  std::vector<FormatPtr> formats;  // of the pieces
  std::vector<int64_t> rows;       // elements of one in each of the pieces
};

// Pieces of `joined` along `axis`. like: the format to work in if it can be cut there.
template <typename T>
Pieces cut_pieces(const Blob<T>& joined, const BlobVec<T>& blobs, int axis, const FormatPtr& like) {
  Pieces pieces;
  pieces.outer = joined.count(0, axis);
  pieces.formats.resize(blobs.size());
  if (axis == 1 && like && channel_block(like) > 0) {
    const FormatPtr format = like->with_channels(joined.dim(1));
    bool last = channel_block(format) == joined.dim(1), filled = true;
    for (size_t i = 0; i < blobs.size(); ++i) {
      pieces.formats[i] = like->with_channels(blobs[i]->dim(1));
      const int64_t block = channel_block(pieces.formats[i]);
      last = last && block == blobs[i]->dim(1);
      filled = filled && (i + 1 == blobs.size() || blobs[i]->dim(1) % block == 0);
    }
    if (last) pieces.outer *= joined.count(2);
    if (last || filled) pieces.format = format;
  }
  if (!pieces.format) pieces.formats.assign(blobs.size(), nullptr);
  const int64_t outer = std::max<int64_t>(pieces.outer, 1);
  pieces.row = stored_count(pieces.format, joined.count()) / outer;
  for (size_t i = 0; i < blobs.size(); ++i) {
    pieces.rows.push_back(stored_count(pieces.formats[i], blobs[i]->count()) / outer);
  }
  return pieces;
}

// Copies `n` elements from every row to another array's rows, which may have another length.
template <typename T>
void copy_rows(int64_t outer, int64_t n, const T* from, int64_t from_row, T* to, int64_t to_row) {
  constexpr int64_t kRange = 16384;
  const int64_t ranges = (n + kRange - 1) / kRange;
#pragma omp parallel for schedule(static) if (outer * n > kRange)
  for (int64_t i = 0; i < outer * ranges; ++i) {
    const int64_t row = i / ranges, first = i % ranges * kRange;
    std::copy_n(from + row * from_row + first, std::min(kRange, n - first),
                to + row * to_row + first);
  }
}

// Storages of pieces, null where one is not wanted.
template <typename T>
using Parts = std::vector<Storage<T>*>;

template <typename T>
void join(const Pieces& pieces, const Parts<T>& parts, Storage<T>* joined) {
  T* out = joined->write(pieces.format);
  for (size_t i = 0; i < parts.size(); ++i) {
    copy_rows(pieces.outer, pieces.rows[i], parts[i]->read(pieces.formats[i]), pieces.rows[i], out,
              pieces.row);
    out += pieces.rows[i];
  }
  joined->written(pieces.format);
}

template <typename T>
void take_apart(const Pieces& pieces, Storage<T>& joined, const Parts<T>& parts) {
  const T* in = joined.read(pieces.format);
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] != nullptr) {
      copy_rows(pieces.outer, pieces.rows[i], in, pieces.row, parts[i]->write(pieces.formats[i]),
                pieces.rows[i]);
      parts[i]->written(pieces.formats[i]);
    }
    in += pieces.rows[i];
  }
}

}  // namespace caffe
