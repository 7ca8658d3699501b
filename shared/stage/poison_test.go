package stage_test

import (
	"bytes"
	"testing"

	"apicenter/shared/message"
	"apicenter/shared/model"
	"apicenter/shared/queue"
	"apicenter/shared/stage"
)

// poisons returns messages that nobody can read, each wrong in another way.
func (r *rig) poisons(content message.Content) map[string][]byte {
	r.Helper()
	h := message.Header{ID: "poison", Tenant: tenant, Flow: flowID, Content: content, Connection: "to", Kind: model.Orders, FirstSeen: r.now}
	good, err := message.Encode(r.Context(), r.codec, h, []message.Document{{Key: "1"}})
	if err != nil {
		r.Fatal(err)
	}
	newer, changed := bytes.Clone(good), bytes.Clone(good)
	newer[0], changed[len(changed)-1] = 99, changed[len(changed)-1]^1
	return map[string][]byte{"no message": []byte("{}"), "of a newer form": newer, "cut off": good[:12], "changed": changed}
}

// A message that cannot be read is dead-lettered once; what lies behind it in its lane, and beside it in its batch, arrives.
func TestPoisonLeavesTheQueue(t *testing.T) {
	for _, name := range []queue.Name{queue.Send, queue.Map, queue.Retry, queue.Fetch(model.Orders)} {
		t.Run(string(name), func(t *testing.T) {
			r := newCalmRig(t)
			n := 0
			for why, body := range r.poisons(map[queue.Name]message.Content{queue.Send: message.Mapped, queue.Map: message.Sources,
				queue.Retry: message.Mapped, queue.Fetch(model.Orders): message.Jobs}[name]) {
				if name == queue.Retry && why == "changed" {
					continue // it is not opened there
				}
				m := queue.Message{Body: body, Group: stage.Lane(tenant, "to"), Dedup: why}
				if err := r.queue.Send(t.Context(), name, []queue.Message{m}); err != nil {
					t.Fatal(err)
				}
				n++
			}
			o := r.source.add(&sale{email: "anna@proef.example"})
			r.run()
			if got := len(r.target.orders["T-"+o.number]); got != 1 {
				t.Errorf("the order behind it is %d times in the target, want once", got)
			}
			letters, err := r.queue.Buried(t.Context(), name, 100)
			if err != nil || len(letters) != n || r.dead() != n {
				t.Errorf("got %d dead letters of %d, %d in all queues, and %v; want each once", len(letters), n, r.dead(), err)
			}
			for _, d := range letters {
				if d.Receives > 20 {
					t.Errorf("it was received %d times, which holds up what is behind it", d.Receives)
				}
			}
			if load, err := r.store.Load(t.Context(), tenant, "to"); err != nil || load.Queued != 0 {
				t.Errorf("%d messages are still counted as on their way, %v", load.Queued, err)
			}
		})
	}
}
