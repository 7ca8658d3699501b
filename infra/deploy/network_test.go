package deploy

import (
	"fmt"
	"slices"
	"testing"
)

// waysLeadOut follows the way of an outgoing call where addresses are fixed: from a function's subnet by its route table to a
// gateway of fixed address, and from there to the internet. With two addresses no zone depends on another.
func waysLeadOut(s *stack) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	tables := map[any]string{} // subnet → route table
	for _, id := range s.of("AWS::EC2::SubnetRouteTableAssociation") {
		tables[s.at(id, "SubnetId")] = s.text(id, "RouteTableId")
	}
	route := func(subnet any, property string) (to string) {
		for _, id := range s.of("AWS::EC2::Route") {
			if s.text(id, "RouteTableId") == tables[subnet] && s.text(id, "DestinationCidrBlock") == "0.0.0.0/0" {
				to = s.text(id, property)
			}
		}
		return to
	}
	nats, used := s.of("AWS::EC2::NatGateway"), map[string]bool{}
	for _, id := range s.of("AWS::Lambda::Function") {
		inside, _ := s.at(id, "VpcConfig", "SubnetIds").([]any)
		calls := s.at(id, "Environment", "Variables", "REACH") != nil // it has sessions with connected systems
		if fixed := len(nats) > 0; calls && fixed && len(inside) < 2 {
			say("%s calls systems from %d subnets, want two zones", id, len(inside))
		} else if len(inside) > 0 && !calls {
			say("%s calls nobody and waits for a network all the same", id)
		}
		for _, subnet := range inside {
			nat := route(subnet, "NatGatewayId")
			if !slices.Contains(nats, nat) {
				say("no way leads out of %s", subnet)
				continue
			}
			used[nat] = true
			outside := s.text(nat, "SubnetId")
			if len(nats) > 1 && s.text(outside, "AvailabilityZone") != s.text(fmt.Sprint(subnet), "AvailabilityZone") {
				say("the way out of %s leads through another zone", subnet)
			}
			if route(outside, "GatewayId") == "" {
				say("no way leads from %s to the internet", outside)
			}
			if s.at(nat, "AllocationId") == nil {
				say("%s has no fixed address", nat)
			}
		}
	}
	for _, nat := range nats {
		if !used[nat] {
			say("%s is paid for and not used", nat)
		}
	}
	return problems
}

func TestWaysLeadOut(t *testing.T) { holds(t, waysLeadOut) }

func TestWaysThatLeadNowhereAreNoticed(t *testing.T) {
	breaksWith(t, map[string]string{"OutgoingAddress": "fixed-in-two-zones"}, waysLeadOut,
		spoilt{id: "InsideRouteB", path: "NatGatewayId", value: "Nat", want: "the way out of InsideB leads through another zone"},
		spoilt{id: "InsideRouteB", path: "NatGatewayId", value: "Nat", want: "NatB is paid for and not used"},
		spoilt{id: "InsideBHasRoutes", path: "RouteTableId", value: "OutsideRoutes", want: "no way leads out of InsideB"},
		spoilt{id: "OutsideRoute", path: "GatewayId", value: nil, want: "no way leads from Outside to the internet"},
		spoilt{id: "OutsideBHasRoutes", path: "SubnetId", value: "Outside", want: "no way leads from OutsideB to the internet"},
		spoilt{id: "NatB", path: "AllocationId", value: nil, want: "NatB has no fixed address"},
		spoilt{id: "MapperFunction", path: "VpcConfig.SubnetIds", value: []any{"InsideA", "InsideB"}, want: "MapperFunction calls nobody"},
		spoilt{id: "SenderFunction", path: "VpcConfig.SubnetIds", value: []any{"InsideA"}, want: "SenderFunction calls systems from 1 subnets"},
	)
}
