#include "admin/pages.hpp"

namespace logdist::admin {

const std::string_view index_page = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Log Distributor</title>
</head>
<body>
<h1>Log Distributor</h1>
<ul>
<li><a href="/v1/status">/v1/status</a>: queue, totals, ledger and analyzers as JSON</li>
<li><a href="/metrics">/metrics</a>: for Prometheus</li>
<li><a href="/readyz">/readyz</a>: 200 while packets can be delivered</li>
<li><a href="/healthz">/healthz</a>: 200 while the process is alive</li>
</ul>
</body>
</html>
)";

}  // namespace logdist::admin
