#include "logdist/telemetry/catalogue.hpp"

#include <functional>
#include <limits>

#include <prometheus/text_serializer.h>

#include "logdist/telemetry/log.hpp"
#include "telemetry/family.hpp"
#include "telemetry/process.hpp"
#include "telemetry/source_families.hpp"

namespace logdist::telemetry {
namespace {

/// The format is `none` of requests whose path, or whose head, is not understood.
void add_rejected(Families& families, const ledger::IngestCounts& ingest) {
  Family rejected =
      families.counter("logdist_packets_rejected_total",
                       "Requests on the packet port answered with an error and never admitted, by reason and format.");
  for (std::size_t i = 0; i <= core::protocol_count; ++i) {
    const bool is_known = i != ledger::IngestCounts::no_protocol;
    const std::string format = is_known ? to_string(static_cast<core::Protocol>(i)) : "none";
    for (std::size_t reason = 0; reason < reject_reason_count; ++reason) {
      rejected.add(ingest.rejected[i][reason],
                   {{"reason", to_string(static_cast<RejectReason>(reason))}, {"format", format}});
    }
  }
}

void add_ingest(Families& families, const Scrape& scrape) {
  const ledger::IngestCounts& ingest = scrape.books.ingest;
  using Received = ledger::ReceivedCounts;
  const auto add_received = [&ingest](Family family, std::uint64_t Received::*count) {
    for (std::size_t i = 0; i < core::protocol_count; ++i) {
      family.add(ingest.received[i].*count, {{"format", to_string(static_cast<core::Protocol>(i))}});
    }
  };
  add_received(families.counter("logdist_packets_received_total",
                                "Whole bodies received on the packet port, admitted or not, by format."),
               &Received::packets);
  add_received(
      families.counter("logdist_messages_received_total", "Messages in the received packets that decoded, by format."),
      &Received::messages);
  add_received(families.counter("logdist_received_bytes_total", "Bytes of the received bodies, by format."),
               &Received::bytes);
  Family decompressed = families.counter("logdist_decompressed_bytes_total",
                                         "Bytes of the content of compressed bodies, by their encoding.");
  for (std::size_t i = 1; i < core::content_coding_count; ++i) {
    decompressed.add(ingest.decompressed_bytes[i], {{"encoding", to_string(static_cast<core::ContentCoding>(i))}});
  }
  add_rejected(families, ingest);
  families.counter("logdist_caller_runs_total", "Requests that waited for their delivery because the queue was full.")
      .add(ingest.caller_runs);
  families.gauge("logdist_connections", "Open connections of agents.").add(scrape.connections.held);
  families.gauge("logdist_connections_capacity", "Connections that server.max_connections allows.")
      .add(scrape.connections.capacity);
  families.counter("logdist_connections_evicted_total", "Idle connections of agents closed to make room for new ones.")
      .add(ingest.connections_evicted);
  families
      .gauge("logdist_buffered_bytes",
             "Bytes held by bodies being received or waiting, and by contents of decompressed ones.")
      .add(scrape.buffered_bytes.held);
  families.gauge("logdist_buffered_capacity_bytes", "Bytes that server.max_buffered allows.")
      .add(scrape.buffered_bytes.capacity);
}

void add_queue(Families& families, const Scrape& scrape) {
  families.gauge("logdist_queue_packets", "Packets that hold a place of the work queue until they are settled.")
      .add(scrape.queue_packets.held);
  families.gauge("logdist_queue_bytes", "Bytes of the packets that hold a place of the work queue.")
      .add(scrape.queue_bytes.held);
  families.gauge("logdist_queue_capacity_packets", "Places that queue.max_packets allows.")
      .add(scrape.queue_packets.capacity);
  families.gauge("logdist_queue_capacity_bytes", "Bytes that queue.max_bytes allows.").add(scrape.queue_bytes.capacity);
}

void add_storage(Families& families, const StorageFacts& storage) {
  families.gauge("logdist_queue_disk_bytes", "Bytes of the durable queue's files; 0 without one.").add(storage.bytes);
  families.gauge("logdist_queue_disk_capacity_bytes", "Bytes that queue.max_disk allows; 0 without a durable queue.")
      .add(storage.max_bytes);
  families.gauge("logdist_queue_disk_packets", "Packets in the durable queue that are not settled.")
      .add(storage.packets);
  families.gauge("logdist_queue_segments", "Files of the durable queue.").add(storage.segments);
  families.histogram("logdist_queue_sync_duration_seconds", "Time of the durable queue's syncs.")
      .add(storage.sync_duration);
  families.histogram("logdist_queue_sync_packets", "Packets that one sync of the durable queue has made safe.")
      .add(storage.sync_packets);
  families
      .counter("logdist_packets_recovered_total",
               "Packets that an earlier process had not settled, found in the durable queue at the start.")
      .add(storage.recovered);
  families.counter("logdist_packets_replayed_total", "Packets that replays have sent once more.").add(storage.replayed);
  families.counter("logdist_queue_damaged_records_total", "Records of the durable queue that were found damaged.")
      .add(storage.damaged_records);
  Family errors = families.counter("logdist_queue_disk_errors_total", "What the disk has refused the durable queue.");
  for (std::size_t i = 0; i < disk_operation_names.size(); ++i) {
    errors.add(storage.errors[i], {{"operation", std::string(disk_operation_names[i])}});
  }
}

void add_acks(Families& families, const AckFacts& acks) {
  families.gauge("logdist_hec_channels", "Channels of HEC whose ackIds are known; 0 without server.acks.")
      .add(acks.channels);
  families.gauge("logdist_hec_acks_pending", "ackIds that are false: of packets under way, or dead-lettered.")
      .add(acks.pending);
  families.counter("logdist_hec_acks_delivered_total", "ackIds that have become true.").add(acks.delivered);
  Family forgotten =
      families.counter("logdist_hec_acks_forgotten_total",
                       "ackIds that made room for new ones, by what they were; pending ones are sent again.");
  forgotten.add(acks.forgotten_pending, {{"state", "pending"}});
  forgotten.add(acks.forgotten_delivered, {{"state", "delivered"}});
}

void add_settlements(Families& families, const Scrape& scrape) {
  const ledger::Snapshot& books = scrape.books;
  families.counter("logdist_packets_admitted_total", "Packets admitted, to be settled or handed back.")
      .add(books.terms.admitted.packets);
  families.counter("logdist_messages_admitted_total", "Messages in the admitted packets.")
      .add(books.terms.admitted.messages);
  families.counter("logdist_packets_handed_back_total", "Packets given back to their agent with 503 after a wait.")
      .add(books.terms.handed_back.packets);
  Family dead_lettered =
      families.counter("logdist_packets_dead_lettered_total", "Packets that no analyzer takes, by reason.");
  for (std::size_t i = 0; i < dead_letter_reason_count; ++i) {
    dead_lettered.add(books.dead_lettered[i], {{"reason", to_string(static_cast<DeadLetterReason>(i))}});
  }
  families.counter("logdist_dead_letter_write_failures_total", "Dead letters that could not be written to the file.")
      .add(scrape.dead_letter_write_failures);
  families.gauge("logdist_oldest_packet_age_seconds", "Age of the oldest packet that is not settled; 0 without one.")
      .add(scrape.oldest_packet_age_seconds);
  families.gauge("logdist_retries_in_flight_packets", "Packets in flight that an analyzer was asked about before.")
      .add(scrape.retries.held);
  const double most_retries = scrape.retries.capacity > 0 ? static_cast<double>(scrape.retries.capacity)
                                                          : std::numeric_limits<double>::infinity();
  families.gauge("logdist_retries_in_flight_max_packets", "Most of them that may be in flight now; +Inf is any number.")
      .add(most_retries);
  families.histogram("logdist_packet_residence_seconds", "Time from admission to delivery.").add(books.residence);
}

void add_ledger(Families& families, const ledger::Terms& terms) {
  const std::pair<const char*, const ledger::Amount*> places[] = {{"recovered", &terms.recovered},
                                                                  {"queued", &terms.queued},
                                                                  {"spilled", &terms.spilled},
                                                                  {"waiting", &terms.waiting},
                                                                  {"in_flight", &terms.in_flight},
                                                                  {"delivered", &terms.delivered},
                                                                  {"dead_lettered", &terms.dead_lettered},
                                                                  {"handed_back", &terms.handed_back},
                                                                  {"lost", &terms.lost}};
  Family packets =
      families.gauge("logdist_ledger_packets",
                     "Packets by state; all but recovered are places, whose sum is what was admitted and recovered.");
  for (const auto& [state, amount] : places) packets.add(amount->packets, {{"state", state}});
  Family messages =
      families.gauge("logdist_ledger_messages", "Messages by state, as logdist_ledger_packets has packets.");
  for (const auto& [state, amount] : places) messages.add(amount->messages, {{"state", state}});
  const ledger::Amount imbalance = terms.imbalance();
  families
      .gauge("logdist_ledger_imbalance_packets", "Admitted and recovered packets minus those of all states; always 0.")
      .add(imbalance.packets);
  families
      .gauge("logdist_ledger_imbalance_messages",
             "Admitted and recovered messages minus those of all states; always 0.")
      .add(imbalance.messages);
}

/// All that have counted something: removed ones, too, go on being shown.
std::vector<const AnalyzerFacts*> counting(const Scrape& scrape) {
  std::vector<const AnalyzerFacts*> all;
  for (const AnalyzerFacts& analyzer : scrape.analyzers) all.push_back(&analyzer);
  for (const AnalyzerFacts& analyzer : scrape.removed) all.push_back(&analyzer);
  return all;
}

/// One sample for each of them.
template <typename Fact>
void count_each(Family family, const Scrape& scrape, Fact fact) {
  for (const AnalyzerFacts* analyzer : counting(scrape)) {
    family.add(std::invoke(fact, *analyzer), {{"analyzer", analyzer->name}});
  }
}

/// One sample an analyzer, from its facts.
template <typename Fact>
void add_each(Family family, const Scrape& scrape, Fact fact) {
  for (const AnalyzerFacts& analyzer : scrape.analyzers) {
    family.add(std::invoke(fact, analyzer), {{"analyzer", analyzer.name}});
  }
}

void add_analyzers(Families& families, const Scrape& scrape) {
  using Facts = AnalyzerFacts;
  Family states = families.gauge("logdist_analyzer_state", "1 for the state of health that the analyzer is in.");
  for (const Facts& analyzer : scrape.analyzers) {
    for (const auto state : {health::State::healthy, health::State::failed, health::State::testing}) {
      states.add(analyzer.state == state ? 1 : 0, {{"analyzer", analyzer.name}, {"state", health::to_string(state)}});
    }
  }
  add_each(families.gauge("logdist_analyzer_in_service", "1 while it is Healthy, not paused and not drained."), scrape,
           [](const Facts& analyzer) { return analyzer.in_service ? 1 : 0; });
  add_each(families.gauge("logdist_analyzer_drained", "1 while an operator keeps it out of service."), scrape,
           [](const Facts& analyzer) { return analyzer.drained ? 1 : 0; });
  count_each(families.counter("logdist_analyzer_failures_total", "Failures that counted towards its health."), scrape,
             &Facts::failures);
  add_each(families.gauge("logdist_analyzer_ejected", "1 while it is out of service for doing worse than the others."),
           scrape, [](const Facts& analyzer) { return analyzer.ejected ? 1 : 0; });
  count_each(
      families.counter("logdist_analyzer_ejections_total", "Times it was ejected for doing worse than the others."),
      scrape, &Facts::ejections);
  add_each(families.gauge("logdist_analyzer_weight", "Weight in force."), scrape, &Facts::weight);
  add_each(families.gauge("logdist_share_target_ratio", "Its share of the weights in service."), scrape,
           [](const Facts& analyzer) { return analyzer.account.target_share; });
  add_each(families.gauge("logdist_share_delivered_ratio", "Its share of all messages delivered."), scrape,
           [&scrape](const Facts& analyzer) { return delivered_share(scrape, analyzer); });
  add_each(families.gauge("logdist_deficit_messages", "Target minus charged messages; positive is owed to it."), scrape,
           [](const Facts& analyzer) { return analyzer.account.deficit; });
  add_each(families.gauge("logdist_debt_messages", "Owed to it for its time out of service."), scrape,
           [](const Facts& analyzer) { return analyzer.account.debt; });
  count_each(families.counter("logdist_catch_ups_total", "Times it fell behind by more than the catch-up threshold."),
             scrape, [](const Facts& analyzer) { return analyzer.account.catch_ups; });
  add_each(families.gauge("logdist_in_flight_packets", "Packets in flight to it."), scrape,
           [](const Facts& analyzer) { return analyzer.account.in_flight; });
  add_each(families.gauge("logdist_in_flight_capacity_packets", "Most packets that may be in flight to it now."),
           scrape, &Facts::slots);
}

void add_deliveries(Families& families, const Scrape& scrape) {
  using Facts = AnalyzerFacts;
  count_each(families.counter("logdist_packets_delivered_total", "Packets the analyzer took."), scrape,
             [&scrape](const Facts& analyzer) { return counts_of(scrape, analyzer).delivered.packets; });
  count_each(families.counter("logdist_messages_delivered_total", "Messages in the packets it took."), scrape,
             [&scrape](const Facts& analyzer) { return counts_of(scrape, analyzer).delivered.messages; });
  count_each(families.counter("logdist_messages_refused_total",
                              "Messages of delivered packets that it did not take, as its answers say."),
             scrape, [&scrape](const Facts& analyzer) { return counts_of(scrape, analyzer).refused_messages; });
  Family attempts =
      families.counter("logdist_delivery_attempts_total", "Attempts to deliver a packet to it, by outcome.");
  for (const Facts* analyzer : counting(scrape)) {
    const ledger::AnalyzerCounts& counts = counts_of(scrape, *analyzer);
    for (std::size_t i = 0; i < outcome_count; ++i) {
      attempts.add(counts.attempts[i], {{"analyzer", analyzer->name}, {"outcome", to_string(static_cast<Outcome>(i))}});
    }
  }
  families
      .counter(
          "logdist_requests_resent_total",
          "Requests sent again because a kept connection had closed before it answered; a packet may arrive twice.")
      .add(scrape.requests_resent);
  count_each(
      families.histogram("logdist_delivery_duration_seconds", "Time of the attempts that it answered."), scrape,
      [&scrape](const Facts& analyzer) -> const ledger::Histogram& { return counts_of(scrape, analyzer).duration; });
}

void add_clients(Families& families, const Scrape& scrape) {
  using Received = ledger::ReceivedCounts;
  const auto add_received = [&scrape](Family family, std::uint64_t Received::*count) {
    for (const ClientFacts& client : scrape.clients) {
      family.add(counts_of(scrape, client).received.*count, {{"client", client.name}});
    }
  };
  add_received(families.counter("logdist_client_packets_total",
                                "Whole bodies received of a client; agents that are not known are one, anonymous."),
               &Received::packets);
  add_received(families.counter("logdist_client_messages_total", "Messages in those that decoded, by client."),
               &Received::messages);
  add_received(families.counter("logdist_client_bytes_total", "Bytes of those bodies, by client."), &Received::bytes);
  Family refused = families.counter("logdist_client_refused_total",
                                    "Requests refused for who has sent them, or for its limits, by client and reason.");
  for (const ClientFacts& client : scrape.clients) {
    for (std::size_t reason = 0; reason < client_refusal_count; ++reason) {
      refused.add(counts_of(scrape, client).refused[reason],
                  {{"client", client.name}, {"reason", to_string(static_cast<ClientRefusal>(reason))}});
    }
  }
}

void add_tls(Families& families, const std::vector<TlsFacts>& ports) {
  if (ports.empty()) return;
  Family handshakes = families.counter("logdist_tls_handshakes_total", "TLS handshakes of a port, by result.");
  for (const TlsFacts& tls : ports) {
    for (const auto& [result, count] : tls.handshakes) {
      handshakes.add(count, {{"port", tls.port}, {"result", std::string(result)}});
    }
  }
  Family resumed =
      families.counter("logdist_tls_sessions_resumed_total", "TLS handshakes that went on with an earlier session.");
  for (const TlsFacts& tls : ports) resumed.add(tls.resumed, {{"port", tls.port}});
  Family expiry = families.gauge("logdist_certificate_expiry_timestamp_seconds",
                                 "When the certificate of a port expires, since the Unix epoch, in seconds.");
  for (const TlsFacts& tls : ports) expiry.add(tls.expiry_seconds, {{"port", tls.port}});
}

void add_service(Families& families, const Scrape& scrape) {
  families.gauge("logdist_ready", "1 while packets are accepted, as in /readyz.").add(scrape.ready ? 1 : 0);
  families.gauge("logdist_config_last_reload_successful", "1 unless the last reload was refused.")
      .add(scrape.last_reload_successful ? 1 : 0);
  families
      .gauge("logdist_config_last_reload_timestamp_seconds",
             "When the configuration in force was applied, since the Unix epoch, in seconds.")
      .add(scrape.configured_at_seconds);
}

void add_process(Families& families, std::string_view version) {
  const ProcessFacts facts = read_process_facts();
  families.gauge("logdist_build_info", "1, labelled with the version of this build.")
      .add(1, {{"version", std::string(version)}});
  families.counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds.").add(facts.cpu_seconds);
  families.gauge("process_resident_memory_bytes", "Resident memory, in bytes.").add(facts.resident_memory_bytes);
  families.gauge("process_virtual_memory_bytes", "Virtual memory, in bytes.").add(facts.virtual_memory_bytes);
  families.gauge("process_open_fds", "Open file descriptors.").add(facts.open_fds);
  families.gauge("process_max_fds", "Most file descriptors that may be open.").add(facts.max_fds);
  families.gauge("process_start_time_seconds", "Start of the process since the Unix epoch, in seconds.")
      .add(facts.start_time_seconds);
  families.gauge("process_threads", "Threads of the process.").add(facts.threads);
  families
      .counter("logdist_log_lines_dropped_total",
               "Lines of the log that were not written, because nobody has read those before them.")
      .add(log::lines_dropped());
}

}  // namespace

std::vector<prometheus::MetricFamily> collect(const Scrape& scrape, std::string_view version) {
  Families families;
  add_service(families, scrape);
  add_ingest(families, scrape);
  add_queue(families, scrape);
  add_storage(families, scrape.storage);
  add_acks(families, scrape.acks);
  add_clients(families, scrape);
  add_tls(families, scrape.tls);
  add_sources(families, scrape.sources);
  add_settlements(families, scrape);
  add_ledger(families, scrape.books.terms);
  add_analyzers(families, scrape);
  add_deliveries(families, scrape);
  add_process(families, version);
  return families.take();
}

std::string to_text(const Scrape& scrape, std::string_view version) {
  return prometheus::TextSerializer().Serialize(collect(scrape, version));
}

}  // namespace logdist::telemetry
