// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dunlin/batch_view.hpp>

#include <charconv>
#include <functional>
#include <memory>

namespace dunlin {

/// Makes a C stream that yields what `next` returns until it returns nothing. `next` may throw
/// Error; it and the batches it returned live until the stream is released.
inline ArrowArrayStream make_stream(ArrowSchema schema, std::function<std::optional<ArrowArray>()> next) {
    struct Data {
        ArrowSchema schema;
        std::function<std::optional<ArrowArray>()> next;
        std::string error;
    };
    struct Calls {
        static int get_schema(ArrowArrayStream* s, ArrowSchema* out) noexcept {
            // Handed out once: a consumer asks for the schema before the first batch.
            auto* data = static_cast<Data*>(s->private_data);
            if (!data->schema.release) return 22;
            *out = std::exchange(data->schema, {});
            return 0;
        }
        static int get_next(ArrowArrayStream* s, ArrowArray* out) noexcept {
            auto* data = static_cast<Data*>(s->private_data);
            const auto fail = [&](dunlin_status status, const char* message) {
                data->error = std::to_string(status) + " " + message;
                return 5;
            };
            try {
                auto batch = data->next();
                *out = batch ? *batch : ArrowArray{};
                return 0;
            } catch (const Error& e) {
                return fail(e.status(), e.what());
            } catch (const std::exception& e) {
                return fail(DUNLIN_E_INTERNAL, e.what());
            } catch (...) {
                return fail(DUNLIN_E_INTERNAL, "an exception of an unknown type");
            }
        }
        static const char* last_error(ArrowArrayStream* s) noexcept {
            const auto& error = static_cast<Data*>(s->private_data)->error;
            return error.empty() ? nullptr : error.c_str();
        }
        static void release(ArrowArrayStream* s) noexcept {
            auto* data = static_cast<Data*>(s->private_data);
            if (data->schema.release) data->schema.release(&data->schema);
            delete data;
            s->release = nullptr;
        }
    };
    ArrowArrayStream stream{};
    stream.get_schema = &Calls::get_schema;
    stream.get_next = &Calls::get_next;
    stream.get_last_error = &Calls::last_error;
    stream.release = &Calls::release;
    stream.private_data = new Data{schema, std::move(next), {}};
    return stream;
}

/// A stream of one batch.
inline ArrowArrayStream make_stream(Batch batch) {
    auto array = std::make_shared<Batch>(ArrowSchema{}, batch.take_array());
    return make_stream(batch.take_schema(), [array]() -> std::optional<ArrowArray> {
        if (!array->array()->release) return std::nullopt;
        return array->take_array();
    });
}

/// Reads a stream batch by batch and releases it.
class StreamReader {
public:
    explicit StreamReader(ArrowArrayStream stream) : stream_(stream) {}
    StreamReader(const StreamReader&) = delete;
    StreamReader& operator=(const StreamReader&) = delete;
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
        const auto [end, bad] = std::from_chars(message.data(), message.data() + message.size(), status);
        if (bad == std::errc{}) message.remove_prefix(static_cast<std::size_t>(end - message.data()));
        if (!message.empty() && message.front() == ' ') message.remove_prefix(1);
        throw Error(status, std::string(message));
    }
    ArrowArrayStream stream_;
    ArrowSchema schema_{};
    ArrowArray batch_{};
};

}  // namespace dunlin
