#include "logdist/codec/compression/decompressor_pool.hpp"

#include <utility>

namespace logdist::codec {

DecompressorPool::Lease DecompressorPool::take(ContentCoding coding, std::size_t body_bytes) {
  const bool small = is_small(body_bytes);
  if (!has_one(small)) return nullptr;
  auto decompressor = std::exchange(idle_[static_cast<std::size_t>(coding)], nullptr);
  if (!decompressor) decompressor = make_decompressor(coding, watch_ ? &*watch_ : nullptr);
  ++lent_;
  lent_to_large_ += small ? 0 : 1;
  return {decompressor.release(), GiveBack{this, coding, small}};
}

void DecompressorPool::GiveBack::operator()(Decompressor* decompressor) const {
  --pool->lent_;
  pool->lent_to_large_ -= small ? 0 : 1;
  pool->idle_[static_cast<std::size_t>(coding)].reset(decompressor);
}

}  // namespace logdist::codec
