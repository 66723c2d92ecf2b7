#include "codec/crc32c.hpp"

#include <boost/crc.hpp>

#if LOGDIST_WITH_ISAL
#include <isa-l/crc.h>
#endif

namespace logdist::codec {

#if LOGDIST_WITH_ISAL

std::uint32_t crc32c(std::string_view bytes) {
  // The library's input is not const, but only read.
  auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), 0xffffffffu);
}

#else

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc6f41, 0xffffffff, 0xffffffff, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

#endif

}  // namespace logdist::codec
