#include "logdist/codec/coded_body.hpp"

#include <algorithm>
#include <utility>

namespace logdist::codec {
namespace {

/// What most logs shrink to is more than an eighth.
std::size_t first_guess(std::size_t body_bytes) {
  constexpr std::size_t least = std::size_t{4} << 10;
  return std::clamp(8 * std::min(body_bytes, CodedBody::whole_max), least, CodedBody::whole_max);
}

}  // namespace

CodedBody::CodedBody(Decoder& decoder, core::BufferPool& buffers, DecompressorPool::Lease decompressor, Format format,
                     std::string_view body, std::size_t content_max)
    : decoder_(decoder), buffers_(buffers), decompressor_(std::move(decompressor)), format_(format) {
  decompressor_->begin(body, content_max);
  const auto contiguous = decompressor_->contiguous_size();
  wanted_bytes_ = contiguous ? std::max<std::size_t>(*contiguous, 1) : first_guess(body.size());
}

CodedBody::CodedBody(Decoder& decoder, core::BufferPool& buffers, Format format, std::string_view body)
    : decoder_(decoder), buffers_(buffers), format_(format), plain_(body), reader_(decoder.in_pieces(format)) {}

bool CodedBody::step() {
  if (!decompressor_) return feed_plain();
  if (reader_ && read_bytes_ < content_.size()) return feed();
  if (!decompress()) return false;
  if (reader_) return feed();
  if (complete_ && content_.size() <= whole_max) return end(decoder_.decode(format_, content_));
  if (!complete_ && content_.size() < wanted_bytes_) return true;
  if (!complete_ && wanted_bytes_ < whole_max) {
    wanted_bytes_ = std::min(2 * wanted_bytes_, whole_max);
  } else {
    reader_ = decoder_.in_pieces(format_);
  }
  return true;
}

bool CodedBody::is_to_wait() {
  if (!decompressor_ || complete_) return false;
  const bool is_lengthy = content_bytes_ >= whole_max || decompressor_->read_bytes() > lengthy_body_bytes ||
                          decompressor_->has_taken_long();
  return is_lengthy && !DecompressorPool::make_lengthy(decompressor_);
}

/// A slice more of content_; false when the body is wrong.
bool CodedBody::decompress() {
  if (content_.capacity() < wanted_bytes_) {
    core::Buffer larger = buffers_.take(wanted_bytes_);
    larger.append(content_.view());
    content_ = std::move(larger);
  }
  const std::size_t begin = content_.size();
  const Decompressor::Step step =
      decompressor_->step({content_.data() + begin, std::min(slice_max, wanted_bytes_ - begin)});
  content_.resize(begin + step.written);
  content_bytes_ += step.written;
  complete_ = step.progress == Decompressor::Progress::complete;
  if (step.progress != Decompressor::Progress::failed) return true;
  result_ = decompressor_->error();
  return false;
}

/// Reads a slice of content_.
bool CodedBody::feed() {
  const std::string_view piece = content_.view().substr(read_bytes_, slice_max);
  read_bytes_ += piece.size();
  const bool goes_on = reader_->feed(piece);
  if (!goes_on || (complete_ && read_bytes_ == content_.size())) return end(reader_->finish());
  if (!complete_ && read_bytes_ == content_.size()) {
    content_.resize(0);
    read_bytes_ = 0;
  }
  return true;
}

bool CodedBody::feed_plain() {
  const std::string_view piece = plain_.substr(0, slice_max);
  plain_.remove_prefix(piece.size());
  content_bytes_ += piece.size();
  return reader_->feed(piece) && !plain_.empty() ? true : end(reader_->finish());
}

bool CodedBody::end(const DecodeResult& result) {
  if (result) {
    result_ = *result;
  } else {
    result_ = result.error();
  }
  return false;
}

}  // namespace logdist::codec
