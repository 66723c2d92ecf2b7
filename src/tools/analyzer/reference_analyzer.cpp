#include "logdist/tools/analyzer/reference_analyzer.hpp"

#include <utility>

#include "tools/analyzer/analyzer_server.hpp"

namespace logdist::tools {

ReferenceAnalyzer::ReferenceAnalyzer(boost::asio::io_context& io, ReferenceAnalyzerOptions options)
    : server_(std::make_shared<AnalyzerServer>(io, std::move(options))) {}

ReferenceAnalyzer::~ReferenceAnalyzer() { stop(); }

boost::system::error_code ReferenceAnalyzer::listen() { return server_->listen(); }
void ReferenceAnalyzer::stop() { server_->stop(); }
boost::asio::ip::tcp::endpoint ReferenceAnalyzer::endpoint() const { return server_->endpoint(); }
AnalyzerBehaviour ReferenceAnalyzer::behaviour() const { return server_->behaviour(); }
void ReferenceAnalyzer::behave(const AnalyzerBehaviour& behaviour) { server_->behave(behaviour); }
AnalyzerStats ReferenceAnalyzer::stats() const { return server_->tally().stats(); }
std::vector<std::string> ReferenceAnalyzer::ids() const { return server_->tally().ids(); }

}  // namespace logdist::tools
