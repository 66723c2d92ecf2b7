// Lists of analyzers in files, watched by inotify.
#include <glob.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "logdist/base/file_text.hpp"
#include "logdist/config/analyzer_list.hpp"
#include "logdist/config/yaml/tree.hpp"
#include "logdist/net/as_tuple.hpp"
#include "logdist/registry/discovery/file_lists.hpp"
#include "registry/discovery/source.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;

constexpr std::size_t files_max = 1'024;
constexpr Duration file_interval = std::chrono::seconds(30);
/// Who replaces several files is waited for, shortly.
constexpr Duration file_settling = std::chrono::milliseconds(50);

std::vector<std::string> matches(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc && i < files_max; ++i) paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return paths;
}

class FileSource final : public Source {
 public:
  FileSource(const config::SourceOptions& options, asio::io_context& io)
      : options_(options), lists_(options), changes_(io), timer_(io) {
    const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor >= 0) changes_.assign(descriptor);
  }

  asio::awaitable<Look> look(bool at_once) override {
    if (!at_once) {
      co_await wait_for_change();
    }
    if (watch() == 0) co_return Look{fmt::format("there is no folder {}", folder().string()), Duration::zero()};
    drain();
    std::vector<FileLists::File> files;
    for (const std::string& path : matches(options_.files)) {
      FileText text = read_file(path, config::text_bytes_max, FileKind::regular);
      const std::string error = text.error == 0 ? "" : std::generic_category().message(text.error);
      files.push_back({path, std::move(text.text), error});
    }
    co_return Look{lists_.read(files), Duration::zero()};
  }

 private:
  /// Or until it is time to look all the same: a network file system tells nothing.
  asio::awaitable<void> wait_for_change() {
    timer_.expires_after(options_.interval > Duration::zero() ? options_.interval : file_interval);
    if (!changes_.is_open()) {
      co_await timer_.async_wait(net::as_tuple);
      co_return;
    }
    timer_.async_wait([this](const boost::system::error_code& error) {
      boost::system::error_code ignored;
      if (!error) changes_.cancel(ignored);
    });
    co_await changes_.async_wait(asio::posix::descriptor_base::wait_read, net::as_tuple);
    timer_.expires_after(file_settling);
    co_await timer_.async_wait(net::as_tuple);
  }

  std::filesystem::path folder() const {
    const std::filesystem::path folder = std::filesystem::path(options_.files).parent_path();
    return folder.empty() ? "." : folder;
  }

  /// How many folders the pattern leads to now.
  std::size_t watch() {
    const std::vector<std::string> folders = matches(folder().string());
    for (const std::string& path : folders) {
      if (!changes_.is_open()) break;
      constexpr std::uint32_t events =
          IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ATTRIB;
      ::inotify_add_watch(changes_.native_handle(), path.c_str(), events);  // the same folder is the same watch
    }
    return folders.size();
  }

  void drain() {
    std::array<char, 4096> events{};
    while (changes_.is_open() && ::read(changes_.native_handle(), events.data(), events.size()) > 0) {
    }
  }

  const config::SourceOptions& options_;
  FileLists lists_;
  asio::posix::stream_descriptor changes_;
  asio::steady_timer timer_;
};

}  // namespace

std::unique_ptr<Source> make_file_source(const config::SourceOptions& options, asio::io_context& io) {
  return std::make_unique<FileSource>(options, io);
}

}  // namespace logdist::registry
