#include "logdist/registry/discovery/discovery.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio.hpp>

#include "logdist/base/counted.hpp"
#include "logdist/base/file_text.hpp"
#include "logdist/config/difference.hpp"
#include "logdist/registry/discovery/cache.hpp"
#include "logdist/registry/discovery/source_state.hpp"
#include "logdist/telemetry/log.hpp"
#include "registry/discovery/runner.hpp"

namespace logdist::registry {
namespace {

namespace asio = boost::asio;

/// Changes within so long are one write of the cache.
constexpr Duration write_interval = std::chrono::seconds(1);

/// 0, or why the file is not there: in one piece, or as it was.
int write_whole(const std::string& path, std::string_view text) {
  const std::string written = path + ".new";
  const int file = ::open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return errno;
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t count = ::write(file, text.data(), text.size());
    if (count < 0) {
      error = errno == EINTR ? 0 : errno;
    } else {
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  // Else a power cut could leave the new name with nothing in it. Not every file system knows how.
  if (error == 0 && ::fdatasync(file) != 0 && errno != EINVAL) error = errno;
  ::close(file);
  if (error == 0 && std::rename(written.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(written.c_str());
  return error;
}

}  // namespace

class Discovery::Impl {
 public:
  Impl(asio::io_context& control, const config::Options& options, std::uint64_t seed)
      : control_(control), path_(cache_path(options)), options_(options.discovery), random_(seed) {
    read_cache();
    of_thread_ = known_;
  }

  ~Impl() {
    work_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
    if (is_dirty_) write_cache();
    for (const auto& [name, runner] : runners_) runner->shut_down();
  }

  void start(Changed changed) {
    changed_ = std::move(changed);
    is_started_ = true;
    configure(options_);
  }

  void configure(const config::DiscoveryOptions& options) {
    KnownSets known;
    std::map<std::string, telemetry::SourceFacts, std::less<>> facts;
    for (const config::SourceOptions& source : options.sources) {
      const auto before = std::ranges::find(options_.sources, source.source, &config::SourceOptions::source);
      const bool stays = before != options_.sources.end() && before->type == source.type;
      telemetry::SourceFacts& fact = facts[source.source];
      if (stays && facts_.contains(source.source)) fact = facts_[source.source];
      fact.name = source.source;
      fact.type = to_string(source.type);
      if (stays && known_.contains(source.source)) known[source.source] = known_[source.source];
      fact.analyzers = known[source.source].size();
    }
    options_ = options;
    known_ = std::move(known);
    facts_ = std::move(facts);
    if (!is_started_) return;
    if (!thread_.joinable() && !options_.sources.empty()) thread_ = std::thread([this] { io_.run(); });
    asio::post(io_, [this, options = options_] { reconcile(options); });
  }

  void complete(config::Options& wanted) {
    std::vector<Skipped> skipped;
    wanted.analyzers = merge(wanted, known_, skipped);
    for (const std::string& line : skipped_news_.lines(skipped)) log::warn("discovery_skipped", "discovery: " + line);
  }

  std::vector<telemetry::SourceFacts> facts() const {
    std::vector<telemetry::SourceFacts> all;
    for (const config::SourceOptions& source : options_.sources) {
      if (const auto found = facts_.find(source.source); found != facts_.end()) all.push_back(found->second);
    }
    return all;
  }

 private:
  void read_cache() {
    for (const config::SourceOptions& source : options_.sources) known_[source.source];
    if (path_.empty() || options_.sources.empty()) return;
    const FileText file = read_file(path_, cache_bytes_max, FileKind::regular);
    if (file.error == ENOENT || file.error == ENOTDIR) return;
    std::string error = file.error == 0 ? "" : std::generic_category().message(file.error);
    if (error.empty()) known_ = decode_cache(file.text, options_, error);
    if (!error.empty()) {
      log::warn("discovery_cache_unusable", fmt::format("discovery.cache: {}: {}", path_, error), {{"file", path_}});
    }
    std::size_t count = 0;
    for (const auto& [name, analyzers] : known_) count += analyzers.size();
    if (count > 0) {
      log::info("discovery_cached",
                fmt::format("discovery.cache: begins with {} of {}", counted(count, "analyzer"), path_),
                {{"file", path_}, {"analyzers", count}});
    }
  }

  // From here on: the thread's.

  void reconcile(const config::DiscoveryOptions& options) {
    std::map<std::string, std::shared_ptr<Runner>> runners;
    KnownSets known;
    std::vector<std::shared_ptr<Runner>> fresh;
    for (const config::SourceOptions& source : options.sources) {
      const auto found = runners_.find(source.source);
      const bool stays = found != runners_.end() && config::is_same_source(found->second->options(), source);
      std::shared_ptr<Runner>& runner = runners[source.source];
      const bool is_of_type = found == runners_.end() || found->second->options().type == source.type;
      if (is_of_type && of_thread_.contains(source.source)) known[source.source] = of_thread_[source.source];
      if (stays) {
        runner = found->second;
        continue;
      }
      runner = std::make_shared<Runner>(source, io_, names_, random_.next(),
                                        [this](const Runner& one, bool changed) { seen(one, changed); });
      runner->restore(known[source.source]);
      fresh.push_back(runner);
    }
    for (const auto& [name, runner] : runners_) {
      const auto now = runners.find(name);
      if (now == runners.end() || now->second != runner) runner->stop();
    }
    runners_ = std::move(runners);
    of_thread_ = std::move(known);
    options_of_thread_ = options;
    for (const auto& runner : fresh) runner->start();  // a file answers before this returns
  }

  void seen(const Runner& runner, bool changed) {
    const SourceState& state = runner.state();
    const std::string& name = runner.options().source;
    telemetry::SourceFacts facts{name,
                                 to_string(runner.options().type),
                                 state.reachable(),
                                 runner.last_success_seconds(),
                                 state.analyzers().size(),
                                 state.skipped(),
                                 state.fault()};
    std::vector<config::AnalyzerOptions> analyzers;
    if (changed) {
      analyzers = state.analyzers();
      of_thread_[name] = analyzers;
      if (!std::exchange(is_dirty_, true)) write_later();
    }
    asio::post(control_, [this, name, changed, facts = std::move(facts), analyzers = std::move(analyzers)]() mutable {
      if (!facts_.contains(name)) return;  // it is configured no more
      facts_[name] = std::move(facts);
      if (!changed) return;
      known_[name] = std::move(analyzers);
      changed_(name);
    });
  }

  void write_later() {
    write_timer_.expires_after(write_interval);
    write_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) write_cache();
    });
  }

  void write_cache() {
    is_dirty_ = false;
    if (path_.empty()) return;
    const int error = write_whole(path_, encode_cache(options_of_thread_, of_thread_));
    if (error != 0 && error != write_error_) {
      const std::string cause = std::generic_category().message(error);
      log::warn("discovery_cache_not_written",
                fmt::format("discovery.cache: {} cannot be written: {}; a start without the sources has no analyzers",
                            path_, cause),
                {{"file", path_}, {"cause", cause}});
    }
    write_error_ = error;
  }

  asio::io_context& control_;
  const std::string path_;
  // The control thread's.
  config::DiscoveryOptions options_;
  Changed changed_;
  KnownSets known_;
  std::map<std::string, telemetry::SourceFacts, std::less<>> facts_;
  SkippedNews skipped_news_;
  bool is_started_ = false;
  // The thread's own.
  Random random_;  ///< of the runners' seeds
  asio::io_context io_{1};
  net::NameResolver names_;  ///< goes first, so that its threads find no context that ends
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  config::DiscoveryOptions options_of_thread_;
  KnownSets of_thread_;
  std::map<std::string, std::shared_ptr<Runner>> runners_;
  asio::steady_timer write_timer_{io_};
  bool is_dirty_ = false;  ///< the cache is to be written
  int write_error_ = 0;
  std::thread thread_;
};

Discovery::Discovery(asio::io_context& control, const config::Options& options, std::uint64_t seed)
    : impl_(std::make_unique<Impl>(control, options, seed)) {}
Discovery::~Discovery() = default;
void Discovery::start(Changed changed) { impl_->start(std::move(changed)); }
void Discovery::configure(const config::DiscoveryOptions& options) { impl_->configure(options); }
void Discovery::complete(config::Options& wanted) { impl_->complete(wanted); }
std::vector<telemetry::SourceFacts> Discovery::facts() const { return impl_->facts(); }

std::vector<SourceSample> sample_sources(const config::Options& options, Duration timeout) {
  net::NameResolver names;
  asio::io_context io{1};
  std::vector<SourceSample> samples;
  std::vector<std::unique_ptr<Source>> sources;
  for (const config::SourceOptions& source : options.discovery.sources) {
    samples.push_back(
        {source.source, {}, fmt::format("gives no answer within {} s", timeout / std::chrono::seconds(1))});
    sources.push_back(make_source(source, io, names));
  }
  for (std::size_t i = 0; i < sources.size(); ++i) {
    asio::co_spawn(io, sources[i]->look(true), [&samples, i](const std::exception_ptr& fault, Look look) {
      if (fault) std::rethrow_exception(fault);
      samples[i].error = look.answer ? "" : look.answer.error();
      if (look.answer) samples[i].answer = std::move(*look.answer);
    });
  }
  io.run_for(timeout);
  return samples;
}

}  // namespace logdist::registry
