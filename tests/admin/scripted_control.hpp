// A Control that remembers what it was asked for.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "logdist/admin/control.hpp"

namespace logdist::admin {

/// Two analyzers, whose changes it keeps; reloads as the test says.
class ScriptedControl final : public Control {
 public:
  ScriptedControl() {
    analyzers_[0] = {.name = "a", .url = "http://a:1/", .weight = {40'000'000}, .configured_weight = {40'000'000}};
    analyzers_[1] = {.name = "b.2", .url = "http://b:1/", .in_flight = 7};
  }

  std::vector<ControlledAnalyzer> analyzers() const override { return {analyzers_.begin(), analyzers_.end()}; }
  ConfigurationReport configuration() const override {
    ConfigurationReport report;
    report.revision = 3;
    report.restart_needed = {{"threads", "0", "2"}};
    return report;
  }
  bool set_drained(const std::string& name, bool drained, const std::string& who) override {
    who_ = who;
    ControlledAnalyzer* const analyzer = find(name);
    if (analyzer != nullptr) analyzer->drained = drained;
    return analyzer != nullptr;
  }
  bool set_weight(const std::string& name, config::Weight weight, const std::string& who) override {
    who_ = who;
    ControlledAnalyzer* const analyzer = find(name);
    if (analyzer != nullptr) analyzer->weight = weight;
    return analyzer != nullptr;
  }
  void reload(const std::string& who, std::function<void(const ReloadReport&)> done) override {
    who_ = who;
    if (answers_) done(report_);
  }

  std::string begin_replay(const ReplayOrder& order, const std::string& who, ReplayView& replay) override {
    if (!replay_refusal_.empty()) return replay_refusal_;
    who_ = who;
    order_ = order;
    replay.id = "r1";
    replay.state = "running";
    replay.packets_found = 7;
    replays_ = {replay};
    return {};
  }
  std::vector<ReplayView> replays() const override { return replays_; }
  bool stop_replay(const std::string& id, const std::string&) override {
    if (replays_.empty() || replays_[0].id != id) return false;
    replays_[0].state = "stopped";
    return true;
  }

  ControlledAnalyzer* find(const std::string& name) {
    for (ControlledAnalyzer& analyzer : analyzers_) {
      if (analyzer.name == name) return &analyzer;
    }
    return nullptr;
  }

  std::array<ControlledAnalyzer, 2> analyzers_;
  std::string who_;
  std::string replay_refusal_;
  ReplayOrder order_;
  std::vector<ReplayView> replays_;
  ReloadReport report_;
  bool answers_ = true;
};

}  // namespace logdist::admin
