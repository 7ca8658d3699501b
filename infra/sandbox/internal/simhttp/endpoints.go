package simhttp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// control answers the calls under /_sandbox/.
func (s *Sim) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + strings.TrimPrefix(r.URL.Path, controlPrefix) {
	case "GET stats":
		writeJSON(w, s.Stats())
	case "GET requests":
		writeJSON(w, s.Requests())
	case "GET state":
		writeJSON(w, s.system.State())
	case "PUT faults":
		var f Faults
		if err := json.NewDecoder(r.Body).Decode(&f); err != nil {
			http.Error(w, fmt.Sprintf("faults: %v", err), http.StatusBadRequest)
			return
		}
		s.SetFaults(f)
		w.WriteHeader(http.StatusNoContent)
	case "POST seed":
		if err := s.system.Seed(r.Body); err != nil {
			http.Error(w, fmt.Sprintf("seed: %v", err), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case "POST reset":
		s.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "no such control call", http.StatusNotFound)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}
