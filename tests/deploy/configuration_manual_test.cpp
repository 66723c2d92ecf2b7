// The manual page of the configuration is made of the table of keys.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <boost/algorithm/string/replace.hpp>
#include <fstream>

#include "logdist/config/keys.hpp"
#include "tests/config/support.hpp"

namespace logdist::config {
namespace {

constexpr const char* page = "config/man/log-distributor.yaml.5";

constexpr const char* head =
    R"(.\" Made of the table of keys; tests/deploy/configuration_manual_test.cpp writes and compares it.
.TH LOG-DISTRIBUTOR.YAML 5 "" "Log Distributor" "File Formats"
.SH NAME
log-distributor.yaml \- configuration of log-distributor
.SH DESCRIPTION
A YAML file, and so it may be JSON. Only
.B analyzers
is required; every other key has a default, and an unknown key is an error.
.PP
Each key is also an environment variable, which overrides the file: LOGDIST_ and the path in capitals,
two underscores for a dot, such as LOGDIST_QUEUE__MAX_PACKETS. The list of analyzers is
LOGDIST_ANALYZERS="a=http://host:9101/analyze weight=40, b=http://host:9102/analyze weight=30".
.PP
Durations are written 250us, 250ms, 5s, 2m or 1h; sizes 512B, 64KiB, 10MiB or 1GiB. All limits are
for the daemon as a whole, whatever the number of event loops.
.PP
.B log-distributor check \-\-config
.I FILE
prints every error at once.
.SH KEYS
)";

constexpr const char* tail = R"(.SH FILES
.TP
.I /etc/log-distributor/log-distributor.yaml
The configuration that the service reads.
.TP
.I /usr/share/log-distributor/log-distributor.schema.json
The same as a JSON Schema, for editors.
.SH EXAMPLES
.nf
analyzers:
  - name: alpha
    url: http://10.0.0.11:9101/analyze
    weight: 40
  - name: beta
    url: http://10.0.0.12:9101/analyze
    weight: 60
queue:
  max_packets: 20000
.fi
.SH "SEE ALSO"
.BR log-distributor (1)
)";

/// As roff takes it: no hyphen in place of a minus, no request by accident.
std::string roff(std::string text) {
  boost::algorithm::replace_all(text, "\\", "\\e");
  boost::algorithm::replace_all(text, "-", "\\-");
  return text.starts_with('.') || text.starts_with('\'') ? "\\&" + text : text;
}

std::string manual() {
  std::string text = head;
  for (const KeyInfo& key : known_keys()) {
    text += fmt::format(".TP\n.B {}\n{}\nAllowed: {}.\n", roff(key.path), roff(key.meaning), roff(key.allowed));
    if (key.required) {
      text += "Required.\n";
    } else if (!key.default_text.empty()) {
      text += fmt::format("Default: {}.\n", roff(key.default_text));
    }
  }
  return text + tail;
}

TEST(ConfigurationManual, IsTheOneInTheProject) {
  const std::string wanted = manual();
  const bool same = project_file(page) == wanted;
  const std::string written = testing::TempDir() + "log-distributor.yaml.5";
  if (!same) std::ofstream(written) << wanted;
  EXPECT_TRUE(same) << page << " is another; what it should be is in " << written;
}

}  // namespace
}  // namespace logdist::config
