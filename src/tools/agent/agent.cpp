#include "logdist/tools/agent/agent.hpp"

#include <boost/asio.hpp>

#include "tools/agent/agent_run.hpp"

namespace logdist::tools {

Agent::Agent(boost::asio::io_context& io, AgentOptions options, PacketSource& source)
    : run_(std::make_shared<Run>(io, std::move(options), source)) {}

Agent::~Agent() { run_->abandon(); }

void Agent::on_rejected(Rejected rejected) { run_->on_rejected(std::move(rejected)); }

void Agent::start(Done done) { run_->start(std::move(done)); }

void Agent::stop() {
  boost::asio::post(run_->io(), [run = run_] { run->stop(); });
}

AgentResult Agent::progress() const { return run_->tally().result(); }

}  // namespace logdist::tools
