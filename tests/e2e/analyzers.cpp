#include "tests/e2e/analyzers.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <future>
#include <numeric>
#include <stdexcept>

#include "tests/e2e/wait.hpp"

namespace logdist::e2e {

Analyzers::Analyzers(std::vector<std::uint64_t> weights) : weights_(std::move(weights)), lives_(weights_.size()) {
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    if (const auto error = add_life(i)) throw std::runtime_error("an analyzer cannot listen: " + error.message());
  }
  thread_ = std::thread([this] { io_.run(); });
}

Analyzers::~Analyzers() {
  io_.stop();
  thread_.join();
}

/// On the analyzers' thread, or while it does not run.
boost::system::error_code Analyzers::add_life(std::size_t index) {
  Lives& lives = lives_[index];
  tools::ReferenceAnalyzerOptions options;
  options.port = lives.port.port();
  options.behaviour.record_ids = true;
  auto analyzer = std::make_unique<tools::ReferenceAnalyzer>(io_, options);
  const auto error = analyzer->listen();
  if (!error) lives.analyzers.push_back(std::move(analyzer));
  return error;
}

template <typename Work>
void Analyzers::on_thread(Work work) {
  std::promise<void> done;
  boost::asio::post(io_, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

std::string Analyzers::setting() const {
  std::string text;
  for (std::size_t i = 0; i < lives_.size(); ++i) {
    text += fmt::format("{}{}={} weight={}", i == 0 ? "" : ", ", name(i), url(i), weights_[i]);
  }
  return text;
}

std::string Analyzers::url(std::size_t index) const {
  return fmt::format("http://127.0.0.1:{}/analyze", lives_[index].port.port());
}

void Analyzers::behave(tools::AnalyzerBehaviour behaviour) {
  for (std::size_t i = 0; i < lives_.size(); ++i) behave(i, behaviour);
}

void Analyzers::behave(std::size_t index, tools::AnalyzerBehaviour behaviour) {
  behaviour.record_ids = true;
  lives_[index].analyzers.back()->behave(behaviour);
}

void Analyzers::stop(std::size_t index) {
  on_thread([&] { lives_[index].analyzers.back()->stop(); });
}

void Analyzers::stop_all() {
  for (std::size_t i = 0; i < lives_.size(); ++i) stop(i);
}

void Analyzers::start(std::size_t index) {
  boost::system::error_code error;
  on_thread([&] { error = add_life(index); });
  if (error) throw std::runtime_error("an analyzer cannot listen again: " + error.message());
}

tools::AnalyzerStats Analyzers::stats(std::size_t index) const {
  tools::AnalyzerStats sum;
  for (const auto& life : lives_[index].analyzers) {
    const tools::AnalyzerStats stats = life->stats();
    sum.packets += stats.packets;
    sum.messages += stats.messages;
    sum.bytes += stats.bytes;
    sum.requests += stats.requests;
    sum.duplicates += stats.duplicates;
    sum.failures += stats.failures;
  }
  return sum;
}

std::vector<std::uint64_t> Analyzers::messages() const {
  std::vector<std::uint64_t> messages;
  for (std::size_t i = 0; i < lives_.size(); ++i) messages.push_back(stats(i).messages);
  return messages;
}

std::uint64_t Analyzers::packets() const {
  std::uint64_t packets = 0;
  for (std::size_t i = 0; i < lives_.size(); ++i) packets += stats(i).packets;
  return packets;
}

std::vector<std::string> Analyzers::ids() const {
  std::vector<std::string> all;
  for (const Lives& lives : lives_) {
    for (const auto& life : lives.analyzers) {
      const std::vector<std::string> ids = life->ids();
      all.insert(all.end(), ids.begin(), ids.end());
    }
  }
  return all;
}

AnalyzerProcess::AnalyzerProcess() { start(); }

void AnalyzerProcess::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{"analyzer", "--listen", fmt::format("127.0.0.1:{}", port_.port())};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process_ = std::make_unique<test::Process>(test::Process::log_distributor(all));
  client_ = std::make_unique<test::HttpClient>(url());
  if (process_->wait_for_line("listens on ", patience)) return;
  throw std::runtime_error("the analyzer did not start:\n" + process_->errors());
}

void AnalyzerProcess::kill() {
  process_->signal(SIGKILL);
  if (process_->wait_exit(patience) != 128 + SIGKILL) throw std::runtime_error("the analyzer was not killed");
}

void AnalyzerProcess::change(const nlohmann::json& behaviour) {
  const test::HttpReply reply = client_->post("/control", behaviour.dump());
  if (reply.status != 200) throw std::runtime_error("/control: " + reply.body);
}

nlohmann::json AnalyzerProcess::stats() { return nlohmann::json::parse(client_->get("/stats").body); }

std::vector<std::string> AnalyzerProcess::ids() {
  return nlohmann::json::parse(client_->get("/ids").body).get<std::vector<std::string>>();
}

}  // namespace logdist::e2e
