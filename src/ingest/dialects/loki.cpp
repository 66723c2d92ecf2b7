// Loki: 204, and errors as text.
#include "ingest/dialects/dialects.hpp"

namespace logdist::ingest {

Reply loki_problem(const Problem& problem) {
  // Its clients try again after everything but a 400: what no analyzer takes is one.
  const unsigned status = problem.status == 422 ? 400 : problem.status;
  return {status, "text/plain; charset=utf-8", {}, text_of(problem) + "\n"};
}

}  // namespace logdist::ingest
