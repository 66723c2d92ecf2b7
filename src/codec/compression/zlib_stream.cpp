// The deflate streams of zlib: for bodies that take isa-l too long, and for processors that it does not know.
#include <algorithm>
#include <limits>
#include <new>
#include <string_view>

#include <zlib.h>

#include "codec/compression/inflate_stream.hpp"

namespace logdist::codec {
namespace {

int window_bits_of(InflateWrapper wrapper) {
  switch (wrapper) {
    case InflateWrapper::gzip: return 16 + MAX_WBITS;
    case InflateWrapper::zlib: return MAX_WBITS;
    case InflateWrapper::raw: break;
  }
  return -MAX_WBITS;
}

class ZlibStream final : public InflateStream {
 public:
  ZlibStream() {
    if (inflateInit2(&stream_, MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~ZlibStream() override { inflateEnd(&stream_); }

  void begin(InflateWrapper wrapper) override {
    if (inflateReset2(&stream_, window_bits_of(wrapper)) != Z_OK) throw std::bad_alloc();
  }

  Result inflate(std::string_view in, std::span<char> out) override {
    constexpr std::size_t size_max = std::numeric_limits<std::int32_t>::max();
    const std::size_t in_size = std::min(in.size(), size_max);
    const std::size_t out_size = std::min(out.size(), size_max);
    // The library's input is not const, but only read.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in_size);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out_size);
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    return {static_cast<std::ptrdiff_t>(in_size - stream_.avail_in), out_size - stream_.avail_out, status_of(code)};
  }

 private:
  Status status_of(int code) const {
    switch (code) {
      case Z_OK:
      case Z_BUF_ERROR: return Status::more;
      case Z_STREAM_END: return Status::ended;
      case Z_NEED_DICT: return Status::wants_dictionary;
      case Z_MEM_ERROR: throw std::bad_alloc();
      default: break;
    }
    const std::string_view text = stream_.msg == nullptr ? "" : stream_.msg;
    if (text == "incorrect data check" || text == "incorrect length check" || text == "header crc mismatch") {
      return Status::bad_checksum;
    }
    const bool of_header =
        text.find("header") != text.npos || text == "unknown compression method" || text == "invalid window size";
    return of_header ? Status::bad_header : Status::bad_data;
  }

  z_stream stream_{};
};

}  // namespace

std::unique_ptr<InflateStream> make_zlib_stream() { return std::make_unique<ZlibStream>(); }

}  // namespace logdist::codec
