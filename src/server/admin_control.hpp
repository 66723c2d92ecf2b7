// What operators ask of the daemon through the admin port, carried out.
#pragma once

#include "logdist/admin/control.hpp"
#include "logdist/admin/events.hpp"
#include "logdist/server/shared_state.hpp"
#include "server/balance_keeper.hpp"
#include "server/reload.hpp"

namespace logdist::server {

/// Each change is logged with who has asked for it. Confined to the control
/// thread; what it is given outlives it.
class AdminControl final : public admin::Control {
 public:
  AdminControl(SharedState& shared, Reload& reload, admin::EventLog& events, BalanceKeeper& balance)
      : shared_(shared), reload_(reload), events_(events), balance_(balance) {}

  std::vector<admin::ControlledAnalyzer> analyzers() const override;
  admin::ConfigurationReport configuration() const override { return reload_.report(); }
  bool set_drained(const std::string& analyzer, bool drained, const std::string& who) override;
  bool set_weight(const std::string& analyzer, config::Weight weight, const std::string& who) override;
  std::string begin_replay(const admin::ReplayOrder& order, const std::string& who, admin::ReplayView& replay) override;
  std::vector<admin::ReplayView> replays() const override;
  bool stop_replay(const std::string& id, const std::string& who) override;
  void reload(const std::string& who, Reload::Done done) override { reload_.request(who, std::move(done)); }

 private:
  SharedState& shared_;
  Reload& reload_;
  admin::EventLog& events_;
  BalanceKeeper& balance_;
};

}  // namespace logdist::server
