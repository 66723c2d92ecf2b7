#include "logdist/net/listen.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

namespace logdist::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

class Listen : public testing::Test {
 protected:
  /// That whoever connects to `acceptor` gets through.
  void expect_reachable(tcp::acceptor& acceptor) {
    tcp::socket client(loop_);
    boost::system::error_code error;
    client.connect(acceptor.local_endpoint(), error);
    EXPECT_FALSE(error) << error.message();
    EXPECT_EQ(acceptor.accept().local_endpoint(), client.remote_endpoint());
  }

  asio::io_context loop_;
  tcp::acceptor acceptor_{loop_};
};

TEST_F(Listen, TakesAnyFreePortOfAnAddress) {
  ASSERT_FALSE(listen(acceptor_, {"127.0.0.1", 0}));
  EXPECT_EQ(acceptor_.local_endpoint().address().to_string(), "127.0.0.1");
  expect_reachable(acceptor_);
}

TEST_F(Listen, LooksUpAName) {
  ASSERT_FALSE(listen(acceptor_, {"localhost", 0}));
  EXPECT_TRUE(acceptor_.local_endpoint().address().is_loopback());
  expect_reachable(acceptor_);
}

TEST_F(Listen, TellsThatThePortIsTakenAndCanTryAgain) {
  tcp::acceptor other(loop_);
  ASSERT_FALSE(listen(other, {"127.0.0.1", 0}));
  EXPECT_EQ(listen(acceptor_, {"127.0.0.1", other.local_endpoint().port()}), asio::error::address_in_use);
  EXPECT_FALSE(acceptor_.is_open());
  ASSERT_FALSE(listen(acceptor_, {"127.0.0.1", 0}));
  expect_reachable(acceptor_);
}

TEST_F(Listen, TellsThatAnAddressIsNotOurs) {
  EXPECT_EQ(listen(acceptor_, {"192.0.2.1", 0}), boost::system::errc::address_not_available);  // RFC 5737: nobody's
  EXPECT_FALSE(acceptor_.is_open());
}

TEST_F(Listen, TellsThatANameIsUnknown) {
  const std::string too_long_for_any_server(64, 'x');
  EXPECT_TRUE(listen(acceptor_, {too_long_for_any_server, 0}));
  EXPECT_FALSE(acceptor_.is_open());
}

}  // namespace
}  // namespace logdist::net
