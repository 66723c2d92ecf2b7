// Who may send packets, as of now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "logdist/config/options.hpp"
#include "logdist/ingest/clients/directory.hpp"
#include "logdist/telemetry/scrape.hpp"

namespace logdist::server {

/// Takes new clients in two steps, so that a reload is taken or refused as a whole: prepare() reads the file,
/// use_prepared() makes later requests, also on open connections, be judged by it. Confined to the control thread, but
/// for the directory.
class AgentAccess {
 public:
  /// What is wrong with the file of `options`, each in a line; empty: all is good.
  std::vector<std::string> prepare(const config::Options& options);
  /// After a prepare() that found nothing wrong.
  void use_prepared();

  ingest::ClientDirectory& directory() { return directory_; }
  /// The anonymous ones, and those configured.
  std::vector<telemetry::ClientFacts> facts() const;

 private:
  ingest::ClientDirectory directory_;
  std::optional<ingest::Access> prepared_;
};

}  // namespace logdist::server
