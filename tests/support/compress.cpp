#include "tests/support/compress.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include <snappy.h>
#include <zlib.h>
#include <zstd.h>
#include <boost/crc.hpp>

namespace logdist::test {
namespace {

std::string deflate_with(std::string_view content, int level, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("zlib does not begin");
  }
  std::string body(deflateBound(&stream, content.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  const int code = deflate(&stream, Z_FINISH);
  body.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) throw std::runtime_error("zlib does not end");
  return body;
}

std::string little_endian_text(std::uint32_t number, std::size_t count) {
  std::string text;
  for (std::size_t at = 0; at < count; ++at) text += static_cast<char>(number >> (8 * at));
  return text;
}

std::uint32_t masked_checksum(std::string_view content) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
  crc.process_bytes(content.data(), content.size());
  const std::uint32_t sum = crc.checksum();
  return ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
}

}  // namespace

std::string gzip(std::string_view content, int level) { return deflate_with(content, level, 16 + MAX_WBITS); }
std::string zlib(std::string_view content, int level) { return deflate_with(content, level, MAX_WBITS); }
std::string raw_deflate(std::string_view content, int level) { return deflate_with(content, level, -MAX_WBITS); }

std::string zstd(std::string_view content, int level, int window_log) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  if (window_log != 0) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  }
  std::string body(ZSTD_compressBound(content.size()) + 32, '\0');
  ZSTD_inBuffer in{content.data(), content.size(), 0};
  ZSTD_outBuffer out{body.data(), body.size(), 0};
  // Two calls, so that the window does not shrink to a size known beforehand.
  ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_continue);
  if (ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end) != 0) throw std::runtime_error("zstd does not end");
  body.resize(out.pos);
  return body;
}

std::string snappy_block(std::string_view content) {
  std::string body;
  snappy::Compress(content.data(), content.size(), &body);
  return body;
}

std::string snappy_framed(std::string_view content, std::size_t chunk_bytes) {
  std::string body("\xff\x06\x00\x00sNaPpY", 10);
  for (std::size_t at = 0; at < content.size(); at += chunk_bytes) {
    const std::string_view part = content.substr(at, chunk_bytes);
    const std::string block = snappy_block(part);
    const bool shrinks = block.size() < part.size();
    const std::size_t size = 4 + (shrinks ? block.size() : part.size());
    body += shrinks ? '\x00' : '\x01';
    body += little_endian_text(static_cast<std::uint32_t>(size), 3);
    body += little_endian_text(masked_checksum(part), 4);
    body += shrinks ? std::string_view(block) : part;
  }
  return body;
}

std::string compress(core::ContentCoding coding, std::string_view content) {
  using core::ContentCoding;
  switch (coding) {
    case ContentCoding::identity: break;
    case ContentCoding::gzip: return gzip(content);
    case ContentCoding::deflate: return zlib(content);
    case ContentCoding::zstd: return zstd(content);
    case ContentCoding::snappy: return snappy_block(content);
  }
  return std::string(content);
}

}  // namespace logdist::test
