// The deflate streams of isa-l.
#include <algorithm>
#include <limits>

#include <isa-l/igzip_lib.h>

#include "codec/compression/inflate_stream.hpp"

namespace logdist::codec {
namespace {

std::uint32_t flag_of(InflateWrapper wrapper) {
  switch (wrapper) {
    case InflateWrapper::gzip: return ISAL_GZIP;
    case InflateWrapper::zlib: return ISAL_ZLIB;
    case InflateWrapper::raw: break;
  }
  return ISAL_DEFLATE;
}

class IsalStream final : public InflateStream {
 public:
  IsalStream() { isal_inflate_init(&state_); }

  void begin(InflateWrapper wrapper) override {
    isal_inflate_reset(&state_);
    state_.crc_flag = flag_of(wrapper);
  }

  Result inflate(std::string_view in, std::span<char> out) override {
    const std::size_t in_size = std::min<std::size_t>(in.size(), std::numeric_limits<std::int32_t>::max());
    const std::size_t out_size = std::min<std::size_t>(out.size(), std::numeric_limits<std::int32_t>::max());
    // The library's input is not const, but only read.
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(in.data()));
    state_.avail_in = static_cast<std::uint32_t>(in_size);
    state_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_.avail_out = static_cast<std::uint32_t>(out_size);
    const int code = isal_inflate(&state_);
    Result result;
    result.consumed = static_cast<std::ptrdiff_t>(in_size - state_.avail_in);
    result.written = out_size - state_.avail_out;
    result.status = status_of(code);
    if (result.status == Status::more && state_.block_state == ISAL_BLOCK_FINISH) {
      result.status = Status::ended;
      // It reads ahead by up to eight bytes, which are the next stream's.
      result.consumed -= state_.read_in_length / 8;
    }
    return result;
  }

 private:
  static Status status_of(int code) {
    switch (code) {
      case ISAL_INVALID_WRAPPER:
      case ISAL_UNSUPPORTED_METHOD: return Status::bad_header;
      case ISAL_NEED_DICT: return Status::wants_dictionary;
      case ISAL_INCORRECT_CHECKSUM: return Status::bad_checksum;
      default: return code < 0 ? Status::bad_data : Status::more;
    }
  }

  inflate_state state_;
};

}  // namespace

std::unique_ptr<InflateStream> make_isal_stream() { return std::make_unique<IsalStream>(); }

}  // namespace logdist::codec
