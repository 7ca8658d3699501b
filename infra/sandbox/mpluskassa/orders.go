package mpluskassa

func orders(d *data) *store[uuid, *document] { return d.orders }

// getOrders lists orders. Table and cafeteria orders must be asked for.
func getOrders(c *call) {
	in := c.in.sub("request")
	f := c.list(in, "orderIds", "orderNumbers")
	f.types.texts = in.sub("orderTypeList").strs("orderType")
	if len(f.types.texts) == 0 {
		f.types.texts = []string{orderSales, orderRepeat, orderExternal}
	}
	if c.ok() {
		c.orderList(&f)
	}
}

// getOrdersByExtOrderIds lists orders by the numbers of an integrator.
func getOrdersByExtOrderIDs(c *call) {
	in := c.in.sub("request")
	f := filter{lines: true, byID: true}
	c.markers(in, &f)
	exts := in.sub("extOrderIds").strs("id")
	if !c.ok() {
		return
	}
	c.s.mu.RLock()
	for _, ext := range exts {
		if id, ok := c.s.orderExt[ext]; ok {
			f.ids = append(f.ids, id)
		}
	}
	c.s.mu.RUnlock()
	c.orderList(&f)
}

func (c *call) orderList(f *filter) {
	c.out.open("orderList")
	for _, v := range c.find(orders, f) {
		c.out.order(v, f.lines)
		c.out.breathe()
	}
	c.out.close("orderList")
}

func getOrder(c *call) {
	text := c.in.str("orderId")
	if c.ok() {
		id, _ := parseUUID(text)
		c.oneOrder(id)
	}
}

// findOrder looks an order up by its external number and answers as getOrder.
func findOrder(c *call) {
	ext := c.in.str("extOrderId")
	if !c.ok() {
		return
	}
	c.s.mu.RLock()
	id := c.s.orderExt[ext]
	c.s.mu.RUnlock()
	c.oneOrder(id)
}

func (c *call) oneOrder(id uuid) {
	c.s.mu.RLock()
	v := c.s.orders.get(id, c.now)
	c.s.mu.RUnlock()
	if v == nil {
		c.out.text("result", "GET-ORDER-RESULT-NOT-FOUND")
		return
	}
	c.out.text("result", "GET-ORDER-RESULT-OK")
	c.out.order(v, true)
}
