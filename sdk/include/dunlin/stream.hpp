// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch_view.hpp>
#include <dunlin/schema.hpp>

#include <cerrno>
#include <charconv>
#include <functional>
#include <memory>

namespace dunlin {

namespace detail {
/// What a stream made here keeps.
struct StreamData {
    Batch shape;  // Holds only the schema.
    std::function<std::optional<ArrowArray>()> next;
    std::string error;

    /// Keeps the text of what the body throws and answers with an errno.
    template <class Body>
    int run(Body body) noexcept {
        const auto fail = [&](dunlin_status status, const char* message) noexcept {
            try {
                error = std::to_string(status) + " " + message;
            } catch (...) {
                error.clear();
            }
            return EIO;
        };
        try {
            body();
            return 0;
        } catch (const Error& e) {
            return fail(e.status(), e.what());
        } catch (const std::exception& e) {
            return fail(DUNLIN_E_INTERNAL, e.what());
        } catch (...) {
            return fail(DUNLIN_E_INTERNAL, "an exception of an unknown type");
        }
    }
};
}  // namespace detail

/// Makes a C stream that yields what `next` returns until it returns nothing; it is not asked again
/// after that. `next` may throw Error, and lives until the stream is released.
inline ArrowArrayStream make_stream(ArrowSchema schema,
                                    std::function<std::optional<ArrowArray>()> next) {
    struct Calls {
        static detail::StreamData* data(ArrowArrayStream* s) {
            return static_cast<detail::StreamData*>(s->private_data);
        }
        static int get_schema(ArrowArrayStream* s, ArrowSchema* out) noexcept {
            return data(s)->run([&] { *out = copy_schema(*data(s)->shape.schema()); });
        }
        static int get_next(ArrowArrayStream* s, ArrowArray* out) noexcept {
            return data(s)->run([&] {
                auto& more = data(s)->next;
                const auto batch = more ? more() : std::nullopt;
                if (!batch) more = nullptr;
                *out = batch ? *batch : ArrowArray{};
            });
        }
        static const char* last_error(ArrowArrayStream* s) noexcept {
            const auto& error = data(s)->error;
            return error.empty() ? nullptr : error.c_str();
        }
        static void release(ArrowArrayStream* s) noexcept {
            delete data(s);
            s->release = nullptr;
        }
    };
    auto data = std::make_unique<detail::StreamData>(
        detail::StreamData{Batch(schema, {}), std::move(next), {}});
    ArrowArrayStream stream{};
    stream.get_schema = &Calls::get_schema;
    stream.get_next = &Calls::get_next;
    stream.get_last_error = &Calls::last_error;
    stream.release = &Calls::release;
    stream.private_data = data.release();
    return stream;
}

/// A stream of one batch.
inline ArrowArrayStream make_stream(Batch batch) {
    auto rows = std::make_shared<Batch>(ArrowSchema{}, batch.take_array());
    return make_stream(batch.take_schema(), [rows]() -> std::optional<ArrowArray> {
        if (!rows->array()->release) return std::nullopt;
        return rows->take_array();
    });
}

/// Reads a stream batch by batch and releases it.
class StreamReader {
public:
    StreamReader(ArrowArrayStream stream) : stream_(stream) {}  // NOLINT: takes it over.
    StreamReader(StreamReader&& other) noexcept
        : stream_(std::exchange(other.stream_, {})),
          schema_(std::exchange(other.schema_, {})),
          batch_(std::exchange(other.batch_, {})) {}
    StreamReader& operator=(StreamReader&&) = delete;
    ~StreamReader() {
        release(batch_);
        if (schema_.release) schema_.release(&schema_);
        if (stream_.release) stream_.release(&stream_);
    }
    /// Moves to the next batch; false at the end. The previous view is gone then.
    bool next() {
        release(batch_);
        schema();
        check(stream_.get_next(&stream_, &batch_));
        return batch_.release != nullptr;
    }
    BatchView view() const { return {&schema_, &batch_}; }
    const ArrowSchema* schema() {
        if (!schema_.release) check(stream_.get_schema(&stream_, &schema_));
        return &schema_;
    }

private:
    static void release(ArrowArray& array) {
        if (array.release) array.release(&array);
        array = {};
    }
    void check(int failure) {
        if (failure == 0) return;
        const char* text = stream_.get_last_error(&stream_);
        std::string_view message = text ? text : "a stream of rows broke off";
        int status = DUNLIN_E_INTERNAL;
        const auto* last = message.data() + message.size();
        const auto [end, bad] = std::from_chars(message.data(), last, status);
        if (bad == std::errc{}) {
            message.remove_prefix(static_cast<std::size_t>(end - message.data()));
        } else {
            status = DUNLIN_E_INTERNAL;
        }
        if (!message.empty() && message.front() == ' ') message.remove_prefix(1);
        throw Error(status, std::string(message));
    }
    ArrowArrayStream stream_;
    ArrowSchema schema_{};
    ArrowArray batch_{};
};

}  // namespace dunlin
