// One agent connection.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "ingest/body_rate.hpp"
#include "ingest/eviction_order.hpp"
#include "ingest/input_buffer.hpp"
#include "ingest/output.hpp"
#include "ingest/response_writer.hpp"
#include "ingest/upload.hpp"
#include "logdist/base/ip_address.hpp"
#include "logdist/codec/coded_body.hpp"
#include "logdist/codec/compression/decompressor_pool.hpp"
#include "logdist/http/chunk_decoder.hpp"
#include "logdist/http/request_parser.hpp"
#include "logdist/ingest/clients/identity.hpp"
#include "logdist/ingest/deadline_set.hpp"
#include "logdist/ingest/dialects/answers.hpp"
#include "logdist/ingest/dialects/route_table.hpp"
#include "logdist/ingest/dialects/validate_request.hpp"
#include "logdist/ingest/sessions.hpp"
#include "logdist/net/poller.hpp"
#include "logdist/net/transport.hpp"
#include "logdist/os/thread_time.hpp"

namespace logdist::ingest {

class Session;
struct DecodingTag;

/// How long an agent may take to read our last answer and to close; and while we drain.
inline constexpr Duration linger_timeout = std::chrono::seconds(2);
inline constexpr Duration drain_farewell = std::chrono::milliseconds(500);
/// When the drain begins, what is half received has so long to be complete.
inline constexpr Duration drain_patience = std::chrono::milliseconds(250);

/// Milliseconds since the Unix epoch.
std::uint64_t wall_clock_ms();

/// What the sessions of a loop share, besides the context.
struct SessionShared {
  explicit SessionShared(const SessionEnvironment& environment)
      : context(environment),
        poller(net::Poller::of(environment.loop)),
        routes(environment.server.formats),
        access(environment.clients),
        deadlines(environment.loop),
        evictions(environment.kept_after_packet, environment.stalled_after) {}

  const SessionEnvironment context;
  net::Poller& poller;
  const RouteTable routes;
  LatestAccess access;
  DeadlineSet deadlines;
  EvictionOrder evictions;
  ResponseWriter responses;
  codec::DecompressorPool decompressors{&Clock::now, &os::thread_time};
  using DecodingLine = boost::intrusive::list<
      Session, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<DecodingTag>>>>;
  /// For a decompressor, by class of the body.
  std::array<DecodingLine, codec::body_class_count> to_decode;
  bool draining = false;
  TimePoint half_received_until = never;   ///< while draining: then what is half received is refused
  std::uint64_t last_handshake_round = 0;  ///< of the poller
  std::size_t refused_open = 0;            ///< connections that were one too many and are not closed yet
  boost::intrusive::list<Session, boost::intrusive::base_hook<boost::intrusive::list_base_hook<>>> open;
};

/// Reads requests one by one, admits their packets and answers in order.
///
/// A state machine on readiness rather than a coroutine: an idle connection
/// costs this object and nothing else, and a request that arrives whole passes
/// through advance() without a suspension: one recv, one send, no allocation.
///
/// Lifetime: counted by the loop's list, which it leaves in close(), by who is at
/// work on it, and by the grant it waits for. Confined to its loop, but for
/// granted().
class Session final : public boost::intrusive::list_base_hook<>,
                      public boost::intrusive::list_base_hook<boost::intrusive::tag<DecodingTag>>,
                      public EvictionEntry,
                      public queue::Waiter,
                      public queue::MemoryLimiter::Reservation,
                      public Deadline,
                      private net::Watcher {
 public:
  Session(SessionShared& shared, net::Stream connection, std::optional<ConnectionSlots::Slot> slot);
  ~Session() override;

  /// Serves the connection.
  void start();
  /// Answers 503 to a connection that is one too many, and closes it.
  void refuse_connection();
  /// Drain has begun: closes the connection if it is idle, and sees to it that what
  /// is half received, or not read, is soon over.
  void drain();
  /// Of an evictable one: closes it and returns its slot, for a new connection. None when it is not the agent
  /// that is waited for after all.
  std::optional<ConnectionSlots::Slot> make_room(TimePoint now);
  /// Closes the connection now, whatever is under way.
  void close();

  /// Whether it owes an answer, or part of one; while draining also whether the agent
  /// may still read the last one.
  bool busy() const;

  /// Whose request is under way: the peer's, or whom trusted proxies have named. None
  /// of a unix socket.
  const IpAddress& client() const { return client_; }

 private:
  enum class Phase : std::uint8_t {
    head,          ///< reads a head, or is idle between requests
    buffer_space,  ///< waits for buffer space
    body,          ///< reads a body of known length into its buffer
    chunks,        ///< reads a chunked body
    upload,        ///< reads a body that is many packets
    no_room,       ///< waits until it tries again to have a packet admitted
    decoding,      ///< decodes a compressed body, or waits for its turn to
    delivery,      ///< waits for its packet's settlement
    storing,       ///< waits until its packet is stored, or settled before that
    lingering,     ///< has answered for the last time; lets the agent read it
    closed,
  };

  friend void intrusive_ptr_add_ref(Session* session) { session->references_ += 1; }
  friend void intrusive_ptr_release(Session* session) {
    if (--session->references_ == 0) delete session;
  }

  // session.cpp: input and output.
  void ready(net::Readiness of_socket) override;
  void begin_layer();
  bool shake_hands(TimePoint now);
  void advance(TimePoint now);
  bool step(TimePoint now);
  bool flush(TimePoint now);
  bool send();
  void rest_sent(TimePoint now);
  void agent_sends_no_more(TimePoint now);
  bool take_input(TimePoint now);
  bool receive();
  void linger(TimePoint now);
  bool awaits_us() const;

  // session_limits.cpp: time.
  void become_idle(TimePoint now);
  void become_evictable(EvictionReason reason, TimePoint now);
  void keep();
  bool keeps_coming(TimePoint now) const;
  Duration farewell() const;
  void expire_at(TimePoint at);
  void resume_body_time(TimePoint now, bool first);
  void stop_body_time(TimePoint now);
  void watch_rate(TimePoint now);
  bool keeps_rate() const;
  bool hogs_space() const;
  std::size_t arrived_bytes() const;
  void expired(TimePoint now) override;
  RequestError expiry_error(TimePoint now) const;

  // session_decoding.cpp: compressed bodies.
  std::size_t reserved_length(std::size_t length) const;
  void begin_decoding();
  bool begin_coded_body(TimePoint now);
  bool take_decompressor();
  void wait_to_decode(TimePoint now);
  SessionShared::DecodingLine& decoding_line();
  bool decode_slice(TimePoint now);
  void end_decoding(TimePoint now);
  void refuse_body(const codec::DecodeError& error, std::string_view of_content = {});
  void refuse_count(std::uint32_t messages);
  void refuse_coded_body(const codec::DecompressError& error);
  void return_decompressor();
  void lend_decompressors();

  // session_upload.cpp: bodies that are many packets.
  void begin_upload(const http::RequestHead& head, TimePoint now);
  bool read_upload(TimePoint now);
  bool receive_upload(TimePoint now);
  void watch_upload(TimePoint now);
  bool upload_expired(TimePoint now);
  void admit_part(TimePoint now);
  core::Buffer copy_of(const core::Buffer& buffer);
  void next_part(TimePoint now);
  void keep_upload_space();
  void try_again();
  void end_upload(TimePoint now);
  void refuse_upload();

  // session_request.cpp: what a request goes through.
  bool read_proxy_header(TimePoint now);
  bool read_head(TimePoint now);
  void head_complete(TimePoint now);
  bool begin_packet(const http::RequestHead& head, const Admissible& admissible);
  void take_packet_id(const http::RequestHead& head);
  bool take_headers(const http::RequestHead& head);
  void keep_origin(const http::RequestHead& head);
  void receive_body(const http::RequestHead& head, TimePoint now);
  void ask_for_space(std::size_t total_bytes, std::size_t length, TimePoint now);
  void granted() override;
  std::uint64_t waits_for() const override;
  void space_granted(TimePoint now);
  bool read_body(TimePoint now);
  bool read_chunks(TimePoint now);
  http::Progress decode_chunks();
  void body_complete(TimePoint now);
  void decoded(const codec::Decoded& decoded, TimePoint now);
  void decoded_nothing();
  void reserve_reply(const codec::Decoded& decoded, TimePoint now);

  // session_clients.cpp: whose it is.
  bool let_in(const http::RequestHead& head, TimePoint now);
  bool take_rate(TimePoint now);
  bool take_message_rate(std::uint32_t messages, TimePoint now);
  void charge_body(std::size_t body_bytes, TimePoint now);
  Duration take_part_rate(TimePoint now);
  bool take_place();
  void refuse_share();
  void refuse_rate(std::string_view detail, Duration wait);
  void refuse_limit(ClientRefusal refusal, std::string_view detail, std::chrono::seconds retry_after);
  void refuse_client(const Identity& identity);
  void count_received(std::size_t body_bytes);
  void count_messages(std::uint32_t messages);

  // session_acks.cpp: acknowledgements of HEC.
  bool take_channel(const http::RequestHead& head);
  void refuse_channel(ChannelError error);
  void cancel_receipt();
  void begin_ack_query(const http::RequestHead& head, const Admissible& admissible, TimePoint now);
  void answer_acks();
  std::string content_of_query();

  // session_answers.cpp: how it ends.
  void admit(TimePoint now);
  void admit_in_time(TimePoint now);
  void settled(queue::Settlement settlement) override;
  void stored() override;
  void answered();
  void part_settled();
  void release_body();
  void answer_accepted(bool delivered);
  void answer_relayed(const core::AnalyzerAnswer& answer);
  void answer_purpose(const Admissible& admissible);
  Question question() const;
  void answer_problem(Problem problem);
  void pass_body();
  void refuse(const RequestError& error);
  void refuse(const RequestError& error, const Problem& problem);
  void end_request();
  void drop_packet();

  SessionShared& shared_;
  std::unique_ptr<net::Transport> transport_;
  std::optional<ConnectionSlots::Slot> slot_;
  const bool refused_;  ///< one too many: it has no slot from the beginning
  std::uint32_t references_ = 0;
  IpAddress peer_;  ///< or whom its PROXY header has named
  IpAddress client_;
  ClientId client_id_ = anonymous_client;  ///< of the request under way
  RequestLimits request_limits_;           ///< likewise; of the one before while there is none
  bool is_paid_ = false;                   ///< an upload, or a part of one, is counted in the rates of its client
  std::unique_ptr<ConnectionIdentity> identity_;  ///< where identities are asked for
  bool proxy_header_due_;                         ///< comes first, and has not come yet
  bool handshake_due_ = false;                    ///< of the transport: comes before the first request

  Phase phase_ = Phase::head;
  bool last_answer_ = false;  ///< the connection closes once what is in output_ is sent
  bool readable_ = false;     ///< there may be more than was read
  bool hung_up_ = false;      ///< the agent sends no more, or is gone
  bool gone_ = false;         ///< it is gone
  bool asked_whether_gone_ = false;
  InputBuffer input_;
  Output output_;
  bool served_ = false;  ///< the last request's packet was accepted

  // The request under way.
  std::optional<http::RequestParser> parser_;
  std::optional<http::ChunkDecoder> chunks_;  ///< of a chunked body
  Persistence persistence_ = Persistence::implied;
  bool takes_interim_ = false;                   ///< its version has interim answers
  bool is_head_ = false;                         ///< the method: its answer has no body
  bool invalid_key_ = false;                     ///< its Idempotency-Key is no packet id
  const Route* route_ = nullptr;                 ///< none until its path is known
  std::optional<std::uint64_t> count_promised_;  ///< by a header: messages of its body
  std::size_t body_unread_ = 0;                  ///< of a declared body, what was not taken from the connection
  queue::Delivery* delivery_ = nullptr;
  std::optional<codec::CodedBody> coded_body_;  ///< of delivery_, while it is decoded
  std::unique_ptr<Upload> upload_;              ///< of a body that is many packets
  core::Receipt receipt_;                       ///< its ackId, until that is told or canceled
  std::unique_ptr<std::string> ack_channel_;    ///< the request asks what of this channel is delivered
  bool waits_to_decode_ = false;                ///< for a decompressor
  codec::BodyClass body_class_{};               ///< of coded_body_, or while it waits
  TimePoint body_ends_ = never;                 ///< when the agent's time for it is over
  Duration body_time_left_{};                   ///< the same while it waits for space
  TimePoint rate_ends_ = never;                 ///< of the step in which its rate is measured
  std::unique_ptr<BodyRate> rate_;              ///< of a body that holds much
  std::size_t stall_begins_bytes_ = 0;          ///< what was here of it when it became evictable
  std::string packet_id_;                       ///< for the answer, when the delivery is no longer ours
  std::uint32_t messages_ = 0;
  Reply bulk_reply_;          ///< its answer, where that is as long as the body: reserved as the body is
  bool is_decoded_ = false;   ///< what it waits for is space for its answer
  bool answer_held_ = false;  ///< that answer is in output_, and reserved until it is sent
};

}  // namespace logdist::ingest
