// Durations, sizes, weights and addresses as text: how the configuration and
// the command line write them, how tools show them, and how HTTP names a host.
//
// Free functions without state, thread-safe. What cannot be read is a value, a
// ValueError, never an exception; ranges are the caller's.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "logdist/base/time.hpp"
#include "logdist/config/text/values.hpp"
#include "logdist/config/yaml/printable.hpp"

namespace logdist::config {

/// What is wrong with a text, to be put after the name of what it was given for:
/// `"5" has no unit`.
struct ValueError {
  std::string text;
};

/// The value, or why there is none.
template <typename T>
using Parsed = boost::system::result<T, ValueError>;

/// Where an http:// or https:// URL leads.
struct HttpUrl {
  std::string host;    ///< an IPv6 address without its brackets
  std::string port;    ///< "80" or "443" when the URL names none
  std::string target;  ///< path and query, at least "/"
  bool is_tls = false;
};

/// `250us`, `250ms`, `5s`, `2m`, `1h`; a bare number has no unit, only `0` needs none.
Parsed<Duration> parse_duration(std::string_view text);

/// `512B`, `64KiB`, `10MiB`, `1GiB`; a bare number is bytes.
Parsed<std::uint64_t> parse_size(std::string_view text);

/// Most that a rate may be.
inline constexpr std::uint64_t rate_per_second_max = 1'000'000'000;
inline constexpr std::uint64_t rate_bytes_max = (std::uint64_t{1} << 40) - 1;

/// What a rate counts.
enum class RateUnit { things, bytes };

/// `500/s` of things, `20MiB/s` of bytes; `unlimited` is 0.
Parsed<std::uint64_t> parse_rate(std::string_view text, RateUnit unit);

/// A positive decimal number of at most 1000000 and six decimals, exactly.
Parsed<Weight> parse_weight(std::string_view text);

/// `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every IPv4 address of the machine.
Parsed<ListenAddress> parse_listen_address(std::string_view text);

/// Several, at least one and at most 16, with commas between them; `unix:/PATH`, too.
Parsed<std::vector<ListenAddress>> parse_listen_addresses(std::string_view text);

/// `http://HOST[:PORT][/PATH][?QUERY]` or the same with `https`, without user or fragment.
Parsed<HttpUrl> parse_url(std::string_view text);

/// The same of `http` only.
Parsed<HttpUrl> parse_http_url(std::string_view text);

/// As people type it: `HOST:PORT[/PATH][?QUERY]`, too, which is taken as http://.
Parsed<HttpUrl> parse_typed_url(std::string_view text);

/// `a, b` → "a", "b", without the blanks around them and without empty ones.
std::vector<std::string> split_list(std::string_view text);

/// In the largest unit that shows it exactly: `250ms`, `75s`, `2m`, `0s`. Reads
/// back by parse_duration() when it is whole microseconds.
std::string format_duration(Duration duration);

/// In the largest unit that shows it exactly: `1000B`, `64KiB`, `10MiB`.
std::string format_size(std::uint64_t bytes);

/// As parse_rate() reads it.
std::string format_rate(std::uint64_t rate, RateUnit unit);

/// As queue.sync is written: `always`, `10ms`, `off`.
std::string format_sync(SyncPolicy policy);

/// Without needless decimals: `40`, `0.5`.
std::string format_weight(Weight weight);

/// Whether an IPv6 address of `addresses`, to be listened on all together, has to leave
/// the IPv4 connections of its port to another of them.
bool is_v6_only(const ListenAddress& address, std::span<const ListenAddress> addresses);

/// Whether not both can be listened on: the same port of addresses that are equal or include each other, or the same
/// file. `one_v6_only`: `one` leaves IPv4 connections alone. Of a host that is no address only its name is known.
bool conflict(const ListenAddress& one, bool one_v6_only, const ListenAddress& other, bool other_v6_only);

/// Whether only programs of this machine reach it: a loopback address, `localhost` or a unix socket. Of another name
/// nothing is known.
bool is_loopback(const ListenAddress& address);

/// `HOST:PORT`, an IPv6 host in brackets; `unix:/PATH`.
std::string format_listen_address(const ListenAddress& address);

/// The Host header (RFC 9110, 7.2) of a request to `host`, an IPv6 address
/// without brackets, and decimal `port`: the scheme's own goes without saying.
std::string host_header(std::string_view host, std::string_view port, bool is_tls = false);

}  // namespace logdist::config
