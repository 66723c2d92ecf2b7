#include "logdist/net/transport.hpp"

#include "logdist/net/listen.hpp"

namespace logdist::net {

IpAddress Transport::peer() const { return peer_of(native_handle()); }

std::size_t Transport::write_some(std::string_view bytes, boost::system::error_code& error) {
  const boost::asio::const_buffer piece(bytes.data(), bytes.size());
  return write_some({&piece, 1}, error);
}

std::size_t PlainTransport::read_some(std::span<char> space, std::span<char> more, boost::system::error_code& error) {
  const std::size_t count = more.empty() ? stream_.read_some(space, error) : stream_.read_some(space, more, error);
  drained_ = count < space.size() + more.size();
  return count;
}

std::size_t PlainTransport::write_some(std::span<const boost::asio::const_buffer> pieces,
                                       boost::system::error_code& error) {
  return stream_.write_some(pieces, error);
}

}  // namespace logdist::net
