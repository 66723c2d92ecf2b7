#include "logdist/codec/compression/content.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "logdist/base/check.hpp"

namespace logdist::codec {
namespace {

/// For the first piece: what most logs shrink to is more than an eighth.
std::size_t first_capacity(std::size_t body_bytes) {
  constexpr std::size_t least = std::size_t{4} << 10;
  return std::clamp(8 * std::min(body_bytes, ContentBuilder::slice_max), least, ContentBuilder::slice_max);
}

template <typename Measure>
std::size_t sum_of(const std::vector<core::Buffer>& pieces, Measure measure) {
  return std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                         [measure](std::size_t sum, const core::Buffer& piece) { return sum + (piece.*measure)(); });
}

}  // namespace

std::size_t Content::size() const { return sum_of(pieces, &core::Buffer::size); }

std::size_t Content::capacity() const { return sum_of(pieces, &core::Buffer::capacity); }

bool ContentBuilder::begin(ContentCoding coding, std::string_view body, std::size_t content_max) {
  LOGDIST_CHECK(!is_under_way() && content_.pieces.empty());
  decompressor_ = decompressors_.take(coding, DecompressorPool::class_of(body.size()));
  if (!decompressor_) return false;
  decompressor_->begin(body, content_max);
  const auto contiguous = decompressor_->contiguous_size();
  next_capacity_ = contiguous ? std::max<std::size_t>(*contiguous, 1) : first_capacity(body.size());
  return true;
}

ContentBuilder::Progress ContentBuilder::step() {
  if (next_capacity_ != 0) content_.pieces.push_back(buffers_.take(std::exchange(next_capacity_, 0)));
  core::Buffer& piece = content_.pieces.back();
  const std::size_t begin = piece.size();
  const Decompressor::Step step =
      decompressor_->step({piece.data() + begin, std::min(slice_max, piece.capacity() - begin)});
  piece.resize(begin + step.written);
  const bool full = piece.size() == piece.capacity();
  if (piece.size() == 0 && step.progress != Decompressor::Progress::more) content_.pieces.pop_back();
  if (step.progress == Decompressor::Progress::failed) return Progress::failed;
  if (step.progress == Decompressor::Progress::complete) return Progress::complete;
  if (full) next_capacity_ = slice_max;
  return Progress::more;
}

Content ContentBuilder::take() {
  decompressor_.reset();
  next_capacity_ = 0;
  return std::exchange(content_, {});
}

}  // namespace logdist::codec
