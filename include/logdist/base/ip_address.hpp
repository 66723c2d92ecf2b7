// IP addresses as values, and the networks that hold them. Pure: nothing is looked up.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logdist {

/// An IPv4 or IPv6 address, or none (of a unix socket, say). IPv4 addresses are kept
/// as IPv6 maps them (RFC 4291, 2.5.5.2), so that 192.0.2.1 and ::ffff:192.0.2.1 are
/// one and the same.
class IpAddress {
 public:
  using Bytes = std::array<std::uint8_t, 16>;

  IpAddress() = default;
  static IpAddress from_v4(const std::array<std::uint8_t, 4>& bytes);
  static IpAddress from_v6(const Bytes& bytes);
  /// `192.0.2.1` or `2001:db8::1`, without brackets, port or zone; none else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_set() const { return set_; }
  bool is_v4() const;
  const Bytes& bytes() const { return bytes_; }
  /// As parse() reads it; "" when there is none.
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  Bytes bytes_{};
  bool set_ = false;
};

/// The addresses that begin with the same bits; or `unix:`, the peers that have no
/// address because they connect to a unix socket.
class Network {
 public:
  /// `192.0.2.0/24`, `2001:db8::/32`, an address, which is a network of one, or `unix:`.
  /// None when it is none of them, or when bits beyond the prefix are set.
  static std::optional<Network> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  std::string to_string() const;

  auto operator<=>(const Network&) const = default;

 private:
  IpAddress address_;
  unsigned prefix_bits_ = 0;  ///< of the 128
  bool unix_ = false;
};

}  // namespace logdist
