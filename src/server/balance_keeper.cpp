#include "server/balance_keeper.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "logdist/base/counted.hpp"
#include "logdist/os/wall_clock.hpp"
#include "logdist/storage/restored_balance.hpp"
#include "logdist/telemetry/log.hpp"

namespace logdist::server {
namespace {

std::string state_path(const config::Options& options) {
  if (options.balance.state_file != config::BalanceOptions::beside_the_queue) return options.balance.state_file;
  const std::filesystem::path queue(options.queue.directory);
  const std::filesystem::path folder = (queue.has_filename() ? queue : queue.parent_path()).parent_path();
  return (folder / "balance.state").string();
}

void tell_write(const std::string& path, std::error_code error) {
  if (error) {
    log::warn("balance_state_not_written",
              fmt::format("balance.state_file: cannot write {}: {}; the state before stays", path, error.message()),
              {{"file", path}, {"cause", error.message()}});
  } else {
    log::info("balance_state_written", fmt::format("balance.state_file: {} is written again", path), {{"file", path}});
  }
}

std::string in_words(const queue::DecodedBalanceState& state) {
  switch (state.fault) {
    case queue::BalanceStateFault::none: break;
    case queue::BalanceStateFault::foreign: return "is no file of this kind";
    case queue::BalanceStateFault::damaged: return "is damaged";
    case queue::BalanceStateFault::newer: return fmt::format("is of version {}, which is not known", state.version);
  }
  return {};
}

}  // namespace

void BalanceKeeper::restore() {
  open_file();
  std::optional<queue::BalanceFigures> figures = file_ ? read_file() : std::nullopt;
  std::string source = file_ ? file_->path() : std::string();
  if (shared_.storage) {
    const auto& of_log = shared_.storage->recovery().balance;
    // The log goes on from its last record by what was settled since.
    if (of_log && (!figures || of_log->taken_at_ns >= figures->taken_at_ns)) {
      figures = of_log;
      source = shared_.options.queue.directory;
    }
  }
  if (figures) use(*figures, source);
  keep(false);
}

void BalanceKeeper::open_file() {
  const std::string path = state_path(shared_.options);
  if (path.empty()) return;
  files_ = queue::make_posix_file_system();
  std::string fault;
  file_ = storage::BalanceFile::open(
      path, *files_, [path](std::error_code error) { tell_write(path, error); }, fault);
  if (!file_) cannot_keep_ = CannotKeep{path, fault};
}

std::optional<queue::BalanceFigures> BalanceKeeper::read_file() const {
  queue::DecodedBalanceState state;
  if (!file_->read(state)) return std::nullopt;
  if (state.fault == queue::BalanceStateFault::none) return std::move(state.figures);
  const std::string fault = in_words(state);
  log::warn("balance_state_unusable",
            fmt::format("balance.state_file: {} {}: starting without it", file_->path(), fault),
            {{"file", file_->path()}, {"cause", fault}});
  return std::nullopt;
}

void BalanceKeeper::use(const queue::BalanceFigures& figures, const std::string& source) {
  const std::vector<AnalyzerId> present = shared_.registry.present();
  std::vector<storage::ConfiguredAnalyzer> analyzers;
  for (const AnalyzerId id : present) {
    const registry::RegistryEntry& entry = shared_.registry[id];
    analyzers.push_back({entry.configured.name, entry.configured.url, entry.configured.weight.units});
  }
  const storage::RestoredBalance restored = storage::restore_balance(figures, analyzers);
  std::vector<double> owed;
  std::size_t weights = 0;
  std::size_t drained = 0;
  for (std::size_t index = 0; index < present.size(); ++index) {
    const storage::RestoredAnalyzer& analyzer = restored.analyzers[index];
    const AnalyzerId id = present[index];
    owed.resize(id + std::size_t{1});
    owed[id] = analyzer.owed;
    if (!analyzer.weight) continue;
    ++weights;
    shared_.registry[id].weight.units = *analyzer.weight;
    shared_.balancer.set_weight(id, *analyzer.weight);
  }
  shared_.balancer.restore(owed, figures.largest_packet);
  for (std::size_t index = present.size(); index-- > 0;) {  // see restore_balance()
    if (!restored.analyzers[index].drained) continue;
    ++drained;
    shared_.registry[present[index]].drained = true;
    shared_.balancer.set_drained(present[index], true, Clock::now());
  }
  log::info("balance_restored",
            fmt::format("balance: goes on from {}: it knows {} of {}; {} of the operator's, {} drained", source,
                        restored.known, counted(present.size(), "analyzer"), counted(weights, "weight"), drained),
            {{"from", source}, {"known", restored.known}, {"weights", weights}, {"drained", drained}});
}

void BalanceKeeper::start() {
  if (cannot_keep_) {
    log::info("balance_state_off",
              fmt::format("balance.state_file: off, {}; the next start begins with nothing owed", cannot_keep_->cause),
              {{"file", cannot_keep_->path}, {"cause", cannot_keep_->cause}});
  }
  keep(true);
  wait();
}

void BalanceKeeper::wait() {
  timer_.expires_after(look_interval);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void BalanceKeeper::look() {
  keep(++looks_ % looks_per_write == 0);
  wait();
}

void BalanceKeeper::changed() { keep(true); }

void BalanceKeeper::finish() {
  timer_.cancel();
  keep(true);
}

void BalanceKeeper::keep(bool to_file) {
  if (!file_ && !shared_.storage) return;
  take();
  if (!to_file || !file_ || is_written_) return;
  is_written_ = true;
  file_->write(kept_);
}

/// The balance now. The log gets it at the same moment: what loops settle later is in the log behind it.
void BalanceKeeper::take() {
  queue::BalanceFigures figures;
  const std::vector<AnalyzerId> present = shared_.registry.present();
  for (const AnalyzerId id : present) {
    const registry::RegistryEntry& entry = shared_.registry[id];
    queue::AnalyzerFigures& analyzer = figures.analyzers.emplace_back();
    analyzer.name = entry.configured.name;
    analyzer.url = entry.configured.url;
    analyzer.weight = entry.weight.units;
    analyzer.configured_weight = entry.configured.weight.units;
    analyzer.operator_weight = entry.weight.units != entry.configured.weight.units;
    analyzer.drained = entry.drained;
  }
  figures.max_debt = shared_.options.balance.max_debt;
  figures.taken_at_ns = kept_.taken_at_ns;
  std::vector<std::uint64_t> in_flight(present.size());
  shared_.balancer.snapshot([&](const dispatch::BalanceSnapshot& snapshot) {
    figures.largest_packet = snapshot.largest_packet;
    for (std::size_t index = 0; index < present.size(); ++index) {
      const dispatch::BalanceSnapshot::Analyzer& now = snapshot.analyzers[present[index]];
      figures.analyzers[index].in_service = now.in_service;
      figures.analyzers[index].deficit = now.account.deficit;
      figures.analyzers[index].debt = now.account.debt;
      in_flight[index] = now.account.in_flight_messages;
      // One that was full when it left may be owed more than can grow.
      figures.max_debt =
          std::max(figures.max_debt, static_cast<std::uint64_t>(std::max(0.0, std::ceil(now.account.debt))));
    }
    figures.uncharge(in_flight);
    if (figures == kept_) return;
    is_written_ = false;
    figures.taken_at_ns = os::unix_time_ns();
    if (shared_.storage) shared_.storage->set_balance(figures, snapshot.version);
    kept_ = std::move(figures);
  });
}

}  // namespace logdist::server
