#include "logdist/queue/log/record_batch.hpp"

#include <zstd.h>

#include <new>

namespace logdist::queue {
namespace {

constexpr int level = 1;

}  // namespace

struct BatchWriter::Context {
  Context() : zstd(ZSTD_createCCtx()) {
    if (zstd == nullptr) throw std::bad_alloc();
  }
  ~Context() { ZSTD_freeCCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  ZSTD_CCtx* const zstd;
};

BatchWriter::BatchWriter() : context_(std::make_unique<Context>()) {}
BatchWriter::~BatchWriter() = default;

void BatchWriter::add(std::span<const char, record_header_bytes> header, std::string_view metadata,
                      std::string_view body) {
  raw_.append(header.data(), header.size());
  raw_.append(metadata);
  raw_.append(body);
  raw_.resize(padded(raw_.size()), '\0');
  ++records_;
}

std::size_t BatchWriter::payload_bound(std::size_t raw, std::size_t next_payload) {
  return ZSTD_compressBound(raw + record_bytes(next_payload));
}

std::string BatchWriter::finish() {
  std::string payload(ZSTD_compressBound(raw_.size()), '\0');
  const std::size_t bytes =
      ZSTD_compressCCtx(context_->zstd, payload.data(), payload.size(), raw_.data(), raw_.size(), level);
  // There is room for any content, so only memory can be missing.
  if (ZSTD_isError(bytes) != 0) throw std::bad_alloc();
  payload.resize(bytes);
  raw_.clear();
  // One large packet is not to keep its memory here for ever.
  if (raw_.capacity() > 4 * batch_bytes_max) raw_.shrink_to_fit();
  records_ = 0;
  return payload;
}

std::optional<std::string> expand_batch(std::string_view payload, std::size_t bytes_max) {
  const unsigned long long bytes = ZSTD_getFrameContentSize(payload.data(), payload.size());
  if (bytes == ZSTD_CONTENTSIZE_UNKNOWN || bytes == ZSTD_CONTENTSIZE_ERROR || bytes > bytes_max) return std::nullopt;
  std::string records(bytes, '\0');
  const std::size_t got = ZSTD_decompress(records.data(), records.size(), payload.data(), payload.size());
  if (ZSTD_isError(got) != 0 || got != records.size()) return std::nullopt;
  return records;
}

}  // namespace logdist::queue
