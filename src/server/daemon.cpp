#include "logdist/server/daemon.hpp"

#include <list>
#include <random>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include "logdist/admin/server.hpp"
#include "logdist/base/counted.hpp"
#include "logdist/base/version.hpp"
#include "logdist/config/text.hpp"
#include "logdist/ingest/listener.hpp"
#include "logdist/net/listen.hpp"
#include "logdist/os/cpu_limit.hpp"
#include "logdist/os/disk_error.hpp"
#include "logdist/os/file_limit.hpp"
#include "logdist/os/heap_trim.hpp"
#include "logdist/registry/discovery/discovery.hpp"
#include "logdist/registry/discovery/registration.hpp"
#include "logdist/registry/health_driver.hpp"
#include "logdist/registry/outage_log.hpp"
#include "logdist/server/loop.hpp"
#include "logdist/server/metrics_collector.hpp"
#include "logdist/server/shared_state.hpp"
#include "logdist/storage/disk_storage.hpp"
#include "logdist/telemetry/log.hpp"
#include "server/admin_control.hpp"
#include "server/balance_keeper.hpp"
#include "server/drain.hpp"
#include "server/reload.hpp"
#include "server/service_watch.hpp"

namespace logdist::server {
namespace {

namespace asio = boost::asio;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::string cannot_listen(const char* key, const config::ListenAddress& address,
                          const boost::system::error_code& error) {
  const std::string where = config::format_listen_address(address);
  return fmt::format("{}: cannot listen on {}: {}", key, where, error.message());
}

}  // namespace

/// Members in the order of their life: what is declared later is destroyed first.
class Daemon::Impl final : public dispatch::WakeupListener, public storage::LoopAccess {
 public:
  /// `configured` is what `fitted` was made of, for this machine.
  Impl(asio::io_context& control, const config::Options& configured, const config::Options& fitted,
       std::unique_ptr<registry::Discovery> discovery, ConfigurationSource source,
       std::unique_ptr<sink::DeadLetterFile> letters, std::size_t threads)
      : control_(control),
        discovery_(std::move(discovery)),
        shared_(fitted, threads, std::move(letters), *this, random_seed(), Clock::now()),
        connections_(shared_.options.server.max_connections),
        health_(control, shared_.balancer, shared_.names, shared_.options, shared_.registry, *events_),
        reload_(control, shared_, loops_, health_, *discovery_, *events_, configured, std::move(source)),
        control_calls_(shared_, reload_, *events_, balance_) {}

  ~Impl() {
    for (const auto& loop : loops_) loop->stop();
    if (shared_.storage) shared_.storage->close();  // it reads the packets' bytes, which are the loops'
  }

  /// Empty when the files of TLS and of the admin port's tokens are good, that of clients, too, and the durable queue,
  /// if there is one, and both ports are open. One socket that was handed over takes the place of all that are
  /// configured.
  std::string open(os::FileDescriptor packet_socket) {
    if (const std::vector<std::string> faults = shared_.tls.prepare(shared_.options); !faults.empty()) return faults[0];
    shared_.tls.use_prepared(shared_.registry);
    const std::vector<config::ListenAddress>& admin = shared_.options.admin.listen;
    if (const auto faults = shared_.admin_access.prepare(shared_.options, admin); !faults.empty()) return faults[0];
    shared_.admin_access.use_prepared();
    if (const auto faults = shared_.agent_access.prepare(shared_.options); !faults.empty()) return faults[0];
    shared_.agent_access.use_prepared();
    if (std::string fault = shared_.open_storage(); !fault.empty()) return fault;
    make_loops();
    balance_.restore();
    return open_ports(std::move(packet_socket));
  }

  void make_loops() {
    for (LoopId id = 0; id < shared_.loops; ++id) loops_.push_back(std::make_unique<Loop>(id, shared_));
    std::vector<ingest::Sessions*> sessions;
    for (const auto& loop : loops_) sessions.push_back(&loop->sessions());
    for (std::size_t i = 0; i < shared_.options.server.listen.size(); ++i) {
      listeners_.emplace_back(control_, sessions, connections_);
    }
    admin::Sources sources;
    sources.readiness = [this] { return shared_.readiness(Clock::now()); };
    sources.request_scrape = [this](auto done) { request_scrape(std::move(done)); };
    sources.version = version();
    sources.events = events_;
    sources.control = &control_calls_;
    sources.hosts = admin_host_names(shared_.options.admin);
    sources.tokens = [this] { return shared_.admin_access.tokens(); };
    sources.layer = shared_.tls.admin_port().factory(0);
    admin_.emplace(control_, std::move(sources));
  }

  std::string open_ports(os::FileDescriptor packet_socket) {
    const config::Options& options = shared_.options;
    const std::vector<config::ListenAddress>& addresses = options.server.listen;
    if (packet_socket.is_open()) {
      while (listeners_.size() > 1) listeners_.pop_back();
      if (const auto error = listeners_.front().open(packet_socket.release())) {
        return "the socket that was passed cannot be the packet port: " + error.message();
      }
    } else {
      auto address = addresses.begin();
      for (ingest::Listener& listener : listeners_) {
        if (const auto error = listener.open(*address, config::is_v6_only(*address, addresses))) {
          return cannot_listen("server.listen", *address, error);
        }
        ++address;
      }
    }
    for (const config::ListenAddress& address : options.admin.listen) {
      if (const auto error = admin_->open(address, config::is_v6_only(address, options.admin.listen))) {
        return cannot_listen("admin.listen", address, error);
      }
    }
    return {};
  }

  void run() {
    if (shared_.storage) {
      const queue::LogRecovery& found = shared_.storage->recovery();
      loops_.front()->recovered({static_cast<std::int64_t>(found.packets), static_cast<std::int64_t>(found.messages)});
    }
    for (const auto& loop : loops_) loop->start();
    if (shared_.storage) shared_.storage->start(*this);
    health_.start();
    balance_.start();
    heap_.start();
    admin_->start();
    discovery_->start([this](const std::string& name) { reload_.request_set(name); });
    for (ingest::Listener& listener : listeners_) listener.start();
    watch_.start();
    make_known();
    events_->post({.text = fmt::format("started: {}, {}", counted(shared_.options.analyzers.size(), "analyzer"),
                                       counted(loops_.size(), "event loop"))});
  }

  /// As `register` says.
  void make_known() {
    const config::RegisterOptions& options = shared_.options.registration;
    const ingest::Listener* reached = nullptr;  // not a unix socket
    for (const ingest::Listener& listener : listeners_) {
      if (reached == nullptr && listener.endpoint().port() != 0) reached = &listener;
    }
    if (reached == nullptr) return;
    registry::Advertised advertised;
    advertised.host = registry::advertised_host(options.host, reached->endpoint().address().to_string());
    advertised.port = reached->endpoint().port();
    advertised.path = "/v1/packets";
    advertised.is_tls = packet_scheme() == "https";
    const auto admin = admin_->endpoint();
    if (admin.port() != 0) {
      const std::string host = registry::advertised_host(options.host, admin.address().to_string());
      advertised.admin = config::format_listen_address({host, admin.port()});
    }
    for (registry::RegistryTarget& target : registry::registry_targets(options)) {
      registrations_.push_back(std::make_unique<registry::Registration>(std::move(target), advertised, ~shared_.seed));
    }
  }

  void wake_loop(LoopId loop) override { loops_[loop]->wake(); }
  void wake_control() override { health_.wake(); }

  void reports_ready(LoopId loop) override {
    loops_[loop]->post([](Loop& own) { own.collect_reports(); });
  }
  void read_back(LoopId loop, std::vector<storage::ReadBackPacket> packets) override {
    loops_[loop]->post([packets = std::move(packets)](Loop& own) mutable { own.read_back(std::move(packets)); });
  }
  void exchange(LoopId loop, std::vector<storage::ReadBackPacket> packets) override {
    loops_[loop]->post([packets = std::move(packets)](Loop& own) mutable { own.exchange(std::move(packets)); });
  }
  void room_wanted() override {
    for (const auto& loop : loops_) loop->wake();
  }
  void replay(LoopId loop, storage::ReplayedPacket packet, storage::ReplayEnded ended) override {
    loops_[loop]->post(
        [packet = std::move(packet), ended = std::move(ended)](Loop& own) { own.replay(packet, ended); });
  }
  void lost(const ledger::Amount& packets) override {
    loops_.front()->post([packets](Loop& own) { own.lost(packets); });
  }

  void request_scrape(std::function<void(telemetry::Scrape)> done) {
    collect_metrics(control_, loops_, shared_, connections_, [this, done = std::move(done)](telemetry::Scrape scrape) {
      scrape.ready = shared_.readiness(Clock::now()).ready();
      scrape.sources = discovery_->facts();
      scrape.last_reload_successful = reload_.last_successful();
      scrape.configured_at_seconds = std::chrono::duration<double>(reload_.taken_at().time_since_epoch()).count();
      done(std::move(scrape));
    });
  }

  void drain(std::function<void(DrainResult)> done) {
    shared_.draining = true;
    for (const auto& registration : registrations_) registration->withdraw();
    watch_.stop();  // that requests are handed back now is nothing to be told of
    events_->post({.warning = true, .text = "shutting down: no new packets, what was accepted is delivered"});
    for (ingest::Listener& listener : listeners_) listener.stop();
    if (shared_.storage) shared_.storage->end_replays();
    reload_.close();
    drain_ = std::make_unique<Drain>(
        control_, loops_, *shared_.dead_letters, shared_.storage.get(), reload_.grace(), [this] { balance_.finish(); },
        [this, done](DrainResult result) {
          health_.stop();
          done(result);
        });
    drain_->start();
  }
  void hurry() {
    if (drain_) drain_->hurry();
  }
  void reopen_files() {
    if (shared_.options.delivery.dead_letter.empty()) {
      return log::info("files_reopened", "USR1: no file is open: delivery.dead_letter is not set");
    }
    shared_.dead_letters->reopen(
        [] { log::info("files_reopened", "USR1: the dead-letter file is opened again by its name"); });
  }

  void reload(const std::string& who, Reload::Done done) { reload_.request(who, std::move(done)); }
  Duration grace() const { return reload_.grace(); }

  std::size_t queued_packets() const {
    return shared_.storage ? static_cast<std::size_t>(shared_.storage->facts().packets) : shared_.bounds.packets();
  }
  bool keeps_packets() const { return shared_.storage != nullptr; }
  std::size_t letters_waiting() const { return shared_.dead_letters->waiting(); }
  const std::list<ingest::Listener>& listeners() const { return listeners_; }
  std::string_view packet_scheme() const { return shared_.tls.packet_port().is_on() ? "https" : "http"; }
  std::string_view admin_scheme() const { return shared_.tls.admin_port().is_on() ? "https" : "http"; }
  const admin::Server& admin() const { return *admin_; }

 private:
  asio::io_context& control_;
  const std::unique_ptr<registry::Discovery> discovery_;
  SharedState shared_;
  ingest::ConnectionSlots connections_;
  const std::shared_ptr<admin::EventLog> events_ = std::make_shared<admin::EventLog>();
  registry::HealthDriver health_;
  os::HeapTrim heap_{control_};
  std::vector<std::unique_ptr<Loop>> loops_;
  BalanceKeeper balance_{control_, shared_};
  Reload reload_;
  AdminControl control_calls_;
  std::list<ingest::Listener> listeners_;
  std::optional<admin::Server> admin_;
  std::unique_ptr<Drain> drain_;
  std::vector<std::unique_ptr<registry::Registration>> registrations_;
  registry::OutageLog outages_{*events_};
  ServiceWatch watch_{
      control_, [this](auto done) { request_scrape(std::move(done)); },
      [this](const telemetry::Scrape& scrape) { outages_.look(scrape, shared_.queue_is_full(), Clock::now()); }};
};

boost::system::result<std::unique_ptr<Daemon>, std::string> Daemon::start(asio::io_context& control,
                                                                          const config::Options& options,
                                                                          os::FileDescriptor packet_socket,
                                                                          ConfigurationSource source) {
  auto discovery = std::make_unique<registry::Discovery>(control, options, random_seed());
  config::Options fitted = options;
  discovery->complete(fitted);  // what the cache knows
  os::fit_connections(fitted);
  auto letters = sink::DeadLetterFile::open(options.delivery.dead_letter, options.delivery.timeout);
  if (!letters) {
    return fmt::format("delivery.dead_letter: cannot append to {}: {}", options.delivery.dead_letter,
                       os::disk_error_text(letters.error().value()));
  }
  const os::CpuLimit limit = os::read_cpu_limit();
  auto impl = std::make_unique<Impl>(control, options, fitted, std::move(discovery), std::move(source),
                                     std::move(*letters), options.threads > 0 ? options.threads : limit.cores);
  if (std::string fault = impl->open(std::move(packet_socket)); !fault.empty()) return fault;
  if (options.threads == 0) {
    log::info("event_loops", fmt::format("event loops: {} ({})", limit.cores, limit.reason),
              {{"threads", limit.cores}, {"reason", limit.reason}});
  }
  impl->run();
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

asio::ip::tcp::endpoint Daemon::packet_endpoint() const {
  for (const ingest::Listener& listener : impl_->listeners()) {
    if (listener.endpoint().port() != 0) return listener.endpoint();
  }
  return {};
}

std::vector<config::ListenAddress> Daemon::packet_addresses() const {
  std::vector<config::ListenAddress> addresses;
  for (const ingest::Listener& listener : impl_->listeners()) addresses.push_back(listener.address());
  return addresses;
}

std::string Daemon::packet_urls() const {
  std::string urls;
  for (const ingest::Listener& listener : impl_->listeners())
    urls += (urls.empty() ? "" : " ") + listener.url(impl_->packet_scheme());
  return urls;
}

asio::ip::tcp::endpoint Daemon::admin_endpoint() const { return impl_->admin().endpoint(); }
std::string Daemon::admin_urls() const { return impl_->admin().urls(impl_->admin_scheme()); }

std::size_t Daemon::queued_packets() const { return impl_->queued_packets(); }
bool Daemon::keeps_packets() const { return impl_->keeps_packets(); }
std::size_t Daemon::letters_waiting() const { return impl_->letters_waiting(); }

void Daemon::request_scrape(std::function<void(telemetry::Scrape)> done) { impl_->request_scrape(std::move(done)); }
void Daemon::reload(const std::string& who, std::function<void()> done) {
  impl_->reload(who, [done = std::move(done)](const admin::ReloadReport&) { done(); });
}
Duration Daemon::grace() const { return impl_->grace(); }
void Daemon::drain(std::function<void(DrainResult)> done) { impl_->drain(std::move(done)); }
void Daemon::hurry() { impl_->hurry(); }
void Daemon::reopen_files() { impl_->reopen_files(); }

}  // namespace logdist::server
