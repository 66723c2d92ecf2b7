#include "logdist/base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "logdist/base/append.hpp"

namespace logdist {
namespace {

constexpr unsigned v4_offset_bits = 96;  ///< where an IPv4 address begins
constexpr IpAddress::Bytes v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

constexpr std::string_view unix_name = "unix:";

}  // namespace

IpAddress IpAddress::from_v4(const std::array<std::uint8_t, 4>& bytes) {
  IpAddress address;
  address.bytes_ = v4_mapped;
  std::ranges::copy(bytes, address.bytes_.begin() + v4_offset_bits / 8);
  address.set_ = true;
  return address;
}

IpAddress IpAddress::from_v6(const Bytes& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  address.set_ = true;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  std::array<std::uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, terminated.c_str(), v4.data()) == 1) return from_v4(v4);
  Bytes v6{};
  if (::inet_pton(AF_INET6, terminated.c_str(), v6.data()) == 1) return from_v6(v6);
  return std::nullopt;
}

bool IpAddress::is_v4() const { return set_ && std::equal(bytes_.begin(), bytes_.begin() + 12, v4_mapped.begin()); }

std::string IpAddress::to_string() const {
  if (!set_) return {};
  if (is_v4()) {  // of each packet that is stored: inet_ntop() takes ten times as long
    const auto part = [this](std::size_t index) { return DecimalText(bytes_[v4_offset_bits / 8 + index]); };
    std::string text;
    append_all(text, part(0), ".", part(1), ".", part(2), ".", part(3));
    return text;
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  return ::inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
}

std::optional<Network> Network::parse(std::string_view text) {
  Network network;
  network.unix_ = text == unix_name;
  if (network.unix_) return network;
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned offset = address->is_v4() ? v4_offset_bits : 0;
  unsigned bits = 128 - offset;
  if (slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned given = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
    if (error != std::errc{} || end != digits.data() + digits.size() || given > bits) return std::nullopt;
    bits = given;
  }
  network.address_ = *address;
  network.prefix_bits_ = offset + bits;
  for (unsigned bit = network.prefix_bits_; bit < 128; ++bit) {
    if ((address->bytes()[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return network;
}

bool Network::contains(const IpAddress& address) const {
  if (unix_ || !address.is_set()) return unix_ && !address.is_set();
  const auto& mine = address_.bytes();
  const auto& other = address.bytes();
  const unsigned whole = prefix_bits_ / 8;
  if (!std::equal(mine.begin(), mine.begin() + whole, other.begin())) return false;
  const unsigned rest = prefix_bits_ % 8;
  return rest == 0 || (mine[whole] ^ other[whole]) >> (8 - rest) == 0;
}

std::string Network::to_string() const {
  if (unix_) return std::string(unix_name);
  const unsigned offset = address_.is_v4() ? v4_offset_bits : 0;
  return address_.to_string() + '/' + std::to_string(prefix_bits_ - offset);
}

}  // namespace logdist
