// raw-analyzer PORT JOURNAL — the raw analyzer as a process of its own, for tests
// that kill or stop it. Ends with SIGTERM.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include "tests/e2e/raw_analyzer.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "raw-analyzer PORT JOURNAL\n";
    return EXIT_FAILURE;
  }
  try {
    boost::asio::io_context io;
    boost::asio::signal_set ends(io, SIGTERM);
    ends.async_wait([](const boost::system::error_code&, int) {});
    const logdist::e2e::RawAnalyzer analyzer(argv[2], "127.0.0.1", static_cast<std::uint16_t>(std::stoul(argv[1])));
    std::cout << "listens on " << analyzer.url() << std::endl;
    io.run();
  } catch (const std::exception& error) {
    std::cerr << "raw-analyzer: " << error.what() << "\n";
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
