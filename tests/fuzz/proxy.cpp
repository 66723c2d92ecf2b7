// Any bytes as what a proxy says of its client. A PROXY header: whole and in pieces, the
// same comes of it, as soon as it is certain. Header fields: some address or other.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "logdist/base/check.hpp"
#include "logdist/ingest/clients/client_address.hpp"
#include "logdist/net/proxy_header.hpp"

namespace logdist::ingest {
namespace {

using net::parse_proxy_header;
using net::ProxyHeader;
using Progress = ProxyHeader::Progress;

void read_header(std::string_view bytes) {
  const ProxyHeader whole = parse_proxy_header(bytes);
  if (bytes.size() >= ProxyHeader::size_max) LOGDIST_CHECK(whole.progress != Progress::need_more);
  LOGDIST_CHECK((whole.progress == Progress::malformed) == !whole.error.empty());
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const ProxyHeader part = parse_proxy_header(bytes.substr(0, size));
    if (part.progress == Progress::need_more) {
      LOGDIST_CHECK(size < bytes.size() || whole.progress == Progress::need_more);
      continue;
    }
    LOGDIST_CHECK(part.progress == whole.progress && part.error == whole.error);
    LOGDIST_CHECK(part.size == whole.size && part.size <= size && part.size <= ProxyHeader::size_max);
    LOGDIST_CHECK(part.source == whole.source && part.source_port == whole.source_port);
    return;
  }
}

void read_fields(std::string_view fields) {
  const IpAddress peer = IpAddress::from_v4({127, 0, 0, 1});
  const std::array<Network, 2> trusted{*Network::parse("127.0.0.0/8"), *Network::parse("2001:db8::/32")};
  const IpAddress client = client_of(peer, fields, trusted);
  LOGDIST_CHECK(client.is_set());
  LOGDIST_CHECK(IpAddress::parse(client.to_string()) == client);
}

}  // namespace
}  // namespace logdist::ingest

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  logdist::ingest::read_header(bytes);
  logdist::ingest::read_fields(bytes);
  return 0;
}
