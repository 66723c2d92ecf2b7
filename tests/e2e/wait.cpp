#include "tests/e2e/wait.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace logdist::e2e {

void breathe() {
  boost::asio::io_context io;
  boost::asio::steady_timer(io, std::chrono::milliseconds(5)).wait();
}

}  // namespace logdist::e2e
