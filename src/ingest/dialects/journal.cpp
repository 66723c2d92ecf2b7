// systemd's journal: text, as systemd-journal-remote answers.
#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {
namespace {

constexpr std::string_view journal_text = "text/plain; charset=utf-8";

}  // namespace

Reply journal_success() { return {202, journal_text, {}, "OK.\n"}; }

Reply journal_problem(const Problem& problem) { return {problem.status, journal_text, {}, text_of(problem) + "\n"}; }

}  // namespace logdist::ingest
