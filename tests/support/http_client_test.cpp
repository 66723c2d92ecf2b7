#include "tests/support/http_client.hpp"

#include <gmock/gmock.h>

#include <boost/asio.hpp>
#include <thread>

namespace logdist::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// Takes one connection after the other; answers each piece of text that comes
/// with the next of its replies, and closes when those are used up.
class Parrot {
 public:
  explicit Parrot(std::vector<std::string> replies) : replies_(std::move(replies)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Parrot() { thread_.join(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

 private:
  void serve() {
    asio::ip::tcp::socket socket = acceptor_.accept();
    std::array<char, 4096> bytes{};
    boost::system::error_code error;
    for (const std::string& reply : replies_) {
      socket.read_some(asio::buffer(bytes), error);
      asio::write(socket, asio::buffer(reply), error);
    }
  }

  const std::vector<std::string> replies_;
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

TEST(HttpClient, GivesStatusHeadersAndBodyOverOneConnection) {
  Parrot parrot({"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nX-Mark: a\r\n\r\nok",
                 "HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"});
  HttpClient client(parrot.url());
  const HttpReply first = client.post("/v1/packets", "[1]", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(first.status, 202u);
  EXPECT_EQ(first.body, "ok");
  EXPECT_EQ(first.header("x-mark"), "a");
  EXPECT_EQ(first.header("absent"), "");
  EXPECT_TRUE(first.keep_alive);
  const HttpReply second = client.get("/readyz");
  EXPECT_EQ(second.status, 503u);
  EXPECT_EQ(second.header("retry-after"), "3");
  EXPECT_FALSE(second.keep_alive);
}

TEST(HttpClient, ThrowsWhenTheServerBreaksOff) {
  Parrot parrot({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"});
  HttpClient client(parrot.url());
  EXPECT_THROW(client.get("/"), boost::system::system_error);
}

TEST(RawSocket, SendsAndReadsBytes) {
  Parrot parrot({"one;two;rest"});
  RawSocket socket(parrot.url());
  socket.send("anything");
  EXPECT_EQ(socket.read_until(";"), "one;");
  EXPECT_EQ(socket.read_until(";"), "two;");
  EXPECT_EQ(socket.read_to_end(), "rest");
}

TEST(RawSocket, DoesNotWaitForEver) {
  Parrot parrot({"", ""});
  RawSocket socket(parrot.url());
  socket.send("anything");
  EXPECT_EQ(socket.read_to_end(20ms), std::nullopt);
}

}  // namespace
}  // namespace logdist::test
