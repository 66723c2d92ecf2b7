#include "registry/discovery/srv_lookup.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace logdist::registry {
namespace {

/// A message of DNS over TCP is no longer.
constexpr std::size_t message_bytes_max = 65'536;
constexpr std::size_t records_max = 4'096;

/// The resolver's state: its files are read again each time, so that a changed resolv.conf counts.
struct Resolver {
  struct __res_state state {};
  bool is_ready = false;

  Resolver() {
    is_ready = res_ninit(&state) == 0;
    state.retrans = 2;
    state.retry = 2;
    state.options |= RES_USE_EDNS0;
  }
  ~Resolver() {
    if (is_ready) res_nclose(&state);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
};

bool read_record(ns_msg& message, int index, SrvAnswer& answer) {
  ns_rr record;
  if (ns_parserr(&message, ns_s_an, index, &record) != 0) return false;
  if (ns_rr_type(record) != ns_t_srv) return true;  // a CNAME on the way
  const unsigned char* const data = ns_rr_rdata(record);
  if (ns_rr_rdlen(record) < 7) return false;
  std::vector<char> target(NS_MAXDNAME);
  const int length =
      dn_expand(ns_msg_base(message), ns_msg_end(message), data + 6, target.data(), static_cast<int>(target.size()));
  if (length < 0) return false;
  const auto number = [data](std::size_t at) {
    return static_cast<std::uint16_t>((unsigned{data[at]} << 8U) | unsigned{data[at + 1]});
  };
  const Duration ttl = std::chrono::seconds(ns_rr_ttl(record));
  answer.ttl = answer.records.empty() ? ttl : std::min(answer.ttl, ttl);
  answer.records.push_back({number(0), number(2), number(4), target.data()});
  return true;
}

}  // namespace

boost::system::result<SrvAnswer, std::string> look_up_srv(const std::string& name) {
  Resolver resolver;
  if (!resolver.is_ready) return std::string("its look-up cannot begin");
  std::vector<unsigned char> bytes(message_bytes_max);
  const int length =
      res_nquery(&resolver.state, name.c_str(), ns_c_in, ns_t_srv, bytes.data(), static_cast<int>(bytes.size()));
  if (length < 0) {
    const bool is_gone = resolver.state.res_h_errno == HOST_NOT_FOUND;
    if (is_gone || resolver.state.res_h_errno == NO_DATA) return SrvAnswer{{}, {}, is_gone};
    return fmt::format("cannot be looked up: {}", hstrerror(resolver.state.res_h_errno));
  }
  return parse_srv({bytes.data(), std::min(static_cast<std::size_t>(length), bytes.size())});
}

boost::system::result<SrvAnswer, std::string> parse_srv(std::span<const unsigned char> bytes) {
  ns_msg message;
  if (bytes.size() > message_bytes_max || ns_initparse(bytes.data(), static_cast<int>(bytes.size()), &message) != 0) {
    return std::string("its answer is broken");
  }
  SrvAnswer answer;
  const int count = std::min(int{ns_msg_count(message, ns_s_an)}, static_cast<int>(records_max));
  for (int i = 0; i < count; ++i) {
    if (!read_record(message, i, answer)) return std::string("its answer is broken");
  }
  return answer;
}

}  // namespace logdist::registry
