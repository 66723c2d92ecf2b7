#include "tests/e2e/control_room.hpp"

#include <fmt/format.h>

namespace logdist::e2e {

ControlRoom::ControlRoom() {
  write(configuration({{0, 40}, {1, 30}, {2, 30}}));
  daemon_.emplace(Settings{}, Launch{.config_file = file_});
  admin_.emplace(daemon_->admin_url());
}

std::string ControlRoom::configuration(const std::vector<Share>& shares, const std::string& more) const {
  std::string text = more + "analyzers:\n";
  for (const auto& [index, weight] : shares) {
    text +=
        fmt::format("- {{name: {}, url: '{}', weight: {}}}\n", Analyzers::name(index), analyzers_.url(index), weight);
  }
  return text;
}

void ControlRoom::write(const std::string& text) { file_ = folder_.write("log-distributor.yaml", text); }

test::HttpReply ControlRoom::post(const std::string& target, const std::string& body, const test::Headers& headers) {
  return admin_->post(target, body, headers);
}

nlohmann::json ControlRoom::get(const std::string& target) {
  const test::HttpReply reply = admin_->get(target);
  EXPECT_EQ(reply.status, 200u) << target;
  return nlohmann::json::parse(reply.body);
}

nlohmann::json ControlRoom::reload(const std::string& text) {
  write(text);
  const test::HttpReply reply = post("/v1/reload");
  EXPECT_EQ(reply.status, 200u) << reply.body;
  return nlohmann::json::parse(reply.body);
}

void ControlRoom::begin_load() {
  watch_.emplace(daemon_->admin_url());
  LoadPlan plan;
  plan.agents = 8;
  plan.packets_each = LoadPlan::endless;
  plan.messages_min = plan.messages_max = packet_messages;
  plan.packets_per_second = 300;
  load_.emplace(daemon_->packet_url(), plan);
}

void ControlRoom::await_packets(std::size_t count) {
  const std::size_t wanted = load_->answered() + count;
  ASSERT_TRUE(eventually([&] { return load_->answered() >= wanted; }));
}

void ControlRoom::expect_shares_of(const std::vector<Share>& shares) {
  const std::vector<std::uint64_t> before = analyzers_.messages();
  await_packets(400);
  std::vector<std::uint64_t> during = analyzers_.messages();
  std::vector<std::uint64_t> weights(during.size(), 0);
  for (const auto& [index, weight] : shares) weights[index] = weight;
  for (std::size_t i = 0; i < during.size(); ++i) during[i] -= before[i];
  // Sampled one after the other, with packets of eight agents under way.
  expect_shares(during, weights, 2 * 8 * packet_messages);
}

std::size_t ControlRoom::expect_all_taken() {
  load_->stop();
  const std::vector<Sent> sent = load_->finish();
  expect_answers(sent, 202);
  EXPECT_TRUE(daemon_->await_delivered(sent.size()));
  watch_->expect_balanced();
  expect_taken(analyzers_.ids(), ids_of(sent));
  return sent.size();
}

void ControlRoom::expect_nothing_lost() {
  expect_all_taken();
  const Samples samples = daemon_->metrics();
  double delivered = 0;
  for (std::size_t i = 0; i < analyzers_.weights().size(); ++i) {
    const auto packets = static_cast<double>(analyzers_.stats(i).packets);
    if (packets == 0) continue;
    EXPECT_EQ(samples.of("packets_delivered_total", Analyzers::name(i)), packets) << Analyzers::name(i);
    delivered += packets;
  }
  EXPECT_EQ(samples.packets("delivered"), delivered);
  daemon_->expect_clean_end();
}

}  // namespace logdist::e2e
